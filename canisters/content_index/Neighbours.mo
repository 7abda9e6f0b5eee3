import Array "mo:core/Array";
import InternetComputer "mo:core/InternetComputer";
import Int64 "mo:core/Int64";
import Iter "mo:core/Iter";
import Nat32 "mo:core/Nat32";
import PriorityQueue "mo:core/PriorityQueue";
import Text "mo:core/Text";
import Map "mo:core/Map";
import Catalogue "Catalogue";
import Entry "Entry";
import Interface "Interface";
import Pages "Pages";
import Ranking "Ranking";
import Vector "Vector";

/// The videos nearest to a user, by the dot product of vectors.
module {
  type Scored = { id : Text; score : Int64 };

  public let maxCandidates : Nat32 = 20_000;
  let maxRanked : Nat32 = 100;

  public func rank(catalogue : Catalogue.Catalogue, { model_version; vector; candidates; limit; filter } : Interface.Ranking) : Interface.Ranked {
    let user = Vector.user(model_version, vector);
    let wanted = Nat32.max(1, Nat32.min(limit, maxRanked)).toNat();
    let passing = switch filter { case (?given) given; case null Pages.noFilter };
    // The worst of the best is on top, so it is the first to be replaced.
    let best = PriorityQueue.empty<Scored>();
    func worse(a : Scored, b : Scored) : { #less; #equal; #greater } = Int64.compare(b.score, a.score);
    var considered : Nat32 = 0;
    for (entry in entriesOf(catalogue, candidates)) {
      switch (vectorOf(entry, user)) {
        case (?item) if (entry.isVisible() and entry.passes(passing)) {
          considered += 1;
          let score = item.dot(user);
          if (best.size() < wanted) best.push(worse, { id = entry.video.id; score })
          else switch (best.peek()) {
            case (?worst) if (score > worst.score) {
              ignore best.pop(worse);
              best.push(worse, { id = entry.video.id; score });
            };
            case null {};
          };
        };
        case null {};
      };
    };
    let videos = Iter.toArray(object { public func next() : ?Scored = best.pop(worse) }).reverse();
    { videos; considered; instructions = InternetComputer.performanceCounter(0) };
  };

  func entriesOf(catalogue : Catalogue.Catalogue, candidates : Interface.Candidates) : Iter.Iter<Entry.Entry> {
    func first(ranking : Ranking.Ranking, count : Nat32) : Iter.Iter<Entry.Entry> {
      ranking.after(null).map(func(_, entry) = entry).take(Nat32.min(count, maxCandidates).toNat());
    };
    switch candidates {
      case (#newest count) first(catalogue.newest, count);
      case (#top count) first(catalogue.top, count);
      case (#hot_or_not count) first(catalogue.hotOrNot, count);
      case (#videos ids) ids.values().take(maxCandidates.toNat()).filterMap(func id = catalogue.byId.get(id));
    };
  };

  func vectorOf(entry : Entry.Entry, user : Vector.Vector) : ?Vector.Vector {
    entry.vectors.find(func item = item.model == user.model and item.dimensions == user.dimensions);
  };
};
