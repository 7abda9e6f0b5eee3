import Array "mo:core/Array";
import Map "mo:core/Map";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Text "mo:core/Text";
import Catalogue "Catalogue";
import Entry "Entry";
import Interface "Interface";
import Pushed "Pushed";
import Vector "Vector";

/// Applies what a recommender sends, many videos per call. Each video and each feed keeps the sequence of its last
/// update, so batches may arrive twice, late or concurrently: outdated items are skipped and counted.
module {
  public func scores(catalogue : Catalogue.Catalogue, { model_version; sequence; scores } : Interface.Scores) : Interface.Applied {
    let count = Counter();
    for ({ id; top } in scores.values()) {
      switch (catalogue.byId.get(id)) {
        case (?entry) if (isNewer(sequence, entry)) {
          if (entry.score != ?{ top; sequence; model = model_version }) {
            catalogue.change(entry, func() { entry.score := ?{ top; sequence; model = model_version } });
          };
          count.applied += 1;
        } else count.stale += 1;
        case null count.unknown += 1;
      };
    };
    count.result();
  };

  public func feeds(catalogue : Catalogue.Catalogue, pushed : Pushed.Pushed, { model_version; sequence; feeds } : Interface.Feeds) : Interface.Applied {
    let count = Counter();
    for ({ target; videos } in feeds.values()) {
      let known = videos.filterMap<Text, Nat64>(
        func id {
          let ?entry = catalogue.byId.get(id) else return null;
          ?entry.sequence;
        }
      );
      switch (pushed.put(target, { version = sequence; model = model_version; videos = known })) {
        case (#applied) count.applied += 1;
        case (#stale) count.stale += 1;
      };
      count.unknown += Nat32.fromNat(videos.size() - known.size());
    };
    count.result();
  };

  public func vectors(catalogue : Catalogue.Catalogue, { model_version; vectors } : Interface.Vectors) : Interface.Applied {
    let count = Counter();
    for ({ id; vector } in vectors.values()) {
      switch (catalogue.byId.get(id)) {
        case (?entry) {
          let item = Vector.item(model_version, vector);
          let others = entry.vectors.filter(func vector = vector.model != model_version);
          entry.vectors := if (others.isEmpty()) [item] else [item, others[0]];
          count.applied += 1;
        };
        case null count.unknown += 1;
      };
    };
    count.result();
  };

  /// The same run may be sent again.
  func isNewer(sequence : Nat64, entry : Entry.Entry) : Bool {
    switch (entry.score) { case (?score) sequence >= score.sequence; case null true };
  };

  class Counter() {
    public var applied : Nat32 = 0;
    public var stale : Nat32 = 0;
    public var unknown : Nat32 = 0;
    public func result() : Interface.Applied = { applied; stale; unknown };
  };
};
