import Array "mo:core/Array";
import Int64 "mo:core/Int64";
import Iter "mo:core/Iter";
import List "mo:core/List";
import Map "mo:core/Map";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Catalogue "Catalogue";
import Entry "Entry";
import Interface "Interface";
import Pushed "Pushed";
import Ranking "Ranking";

/// Pages of feeds. A page reads a bounded number of entries, so with a filter it may be short or empty and still have
/// a next page.
module {
  type Cursor = Interface.Cursor;
  public type Slice = { entries : [Entry.Entry]; next : ?Cursor };

  let largestPage : Nat32 = 100;
  let maxReads = 2_000;

  public let noFilter : Interface.Filter = { unsafe = #hide; without_authors = [] };

  public func page(catalogue : Catalogue.Catalogue, pushed : Pushed.Pushed, question : Interface.Question) : Slice {
    let { feed; cursor; limit } = question;
    let filter = switch (question.filter) { case (?given) given; case null noFilter };
    let wanted = Nat32.max(1, Nat32.min(limit, largestPage)).toNat();
    let source = switch feed {
      case (#newest) ranked(catalogue.newest, cursor);
      case (#top) ranked(catalogue.top, cursor);
      case (#hot_or_not) ranked(catalogue.hotOrNot, cursor);
      case (#author owner) {
        let ?theirs = catalogue.byAuthor.get(owner) else return { entries = []; next = null };
        ranked(theirs, cursor);
      };
      case (#personal user) listed(catalogue, pushed, #user user, cursor);
      case (#segment name) listed(catalogue, pushed, #segment name, cursor);
    };
    collect(source, wanted, filter);
  };

  /// Entries of any status by their sequence, newest first; `before` is the sequence of the last one read.
  public func withStatus(catalogue : Catalogue.Catalogue, status : Interface.Status, before : ?Nat64, limit : Nat32) : { videos : [Interface.Video]; next : ?Nat64 } {
    let from = switch before { case (?sequence) sequence; case null catalogue.next };
    let source = catalogue.bySequence.reverseEntriesFrom(from).filter(func(sequence, _) = sequence < from);
    let wanted = Nat32.max(1, Nat32.min(limit, largestPage)).toNat();
    let found = List.empty<Interface.Video>();
    var last : ?Nat64 = null;
    var reads = 0;
    for ((sequence, entry) in source) {
      if (found.size() == wanted or reads == maxReads) return { videos = found.toArray(); next = last };
      reads += 1;
      last := ?sequence;
      if (entry.video.status == status) found.add(entry.content());
    };
    { videos = found.toArray(); next = null };
  };

  func ranked(ranking : Ranking.Ranking, cursor : ?Cursor) : Iter.Iter<(Cursor, ?Entry.Entry)> {
    let place : ?Ranking.Place = switch cursor { case (?{ rank; sequence }) ?(rank, sequence); case null null };
    ranking.after(place).map(func((rank, sequence), entry) = ({ rank; sequence }, ?entry));
  };

  /// The cursor of a list is its version and the position after which to continue, counted from 1.
  func listed(catalogue : Catalogue.Catalogue, pushed : Pushed.Pushed, target : Interface.Target, cursor : ?Cursor) : Iter.Iter<(Cursor, ?Entry.Entry)> {
    let requested = switch cursor { case (?{ rank }) ?Int64.toNat64(rank); case null null };
    let ?{ version; videos } = pushed.get(target, requested) else return Iter.empty();
    // If the version is gone: the current list from its beginning.
    var position = switch cursor {
      case (?{ sequence }) if (requested == ?version) Nat64.min(sequence, Nat64.fromNat(videos.size())).toNat() else 0;
      case null 0;
    };
    object {
      public func next() : ?(Cursor, ?Entry.Entry) {
        if (position >= videos.size()) return null;
        position += 1;
        let entry = catalogue.bySequence.get(videos[position - 1]);
        ?({ rank = Int64.fromNat64(version); sequence = Nat64.fromNat(position) }, entry);
      };
    };
  };

  func collect(source : Iter.Iter<(Cursor, ?Entry.Entry)>, wanted : Nat, filter : Interface.Filter) : Slice {
    let found = List.empty<Entry.Entry>();
    var last : ?Cursor = null;
    var reads = 0;
    for ((at, candidate) in source) {
      if (found.size() == wanted or reads == maxReads) return { entries = found.toArray(); next = last };
      reads += 1;
      last := ?at;
      switch candidate {
        case (?entry) if (entry.isVisible() and entry.passes(filter)) found.add(entry);
        case null {};
      };
    };
    { entries = found.toArray(); next = null };
  };
};
