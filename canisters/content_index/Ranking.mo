import Int64 "mo:core/Int64";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Order "mo:core/Order";
import Entry "Entry";

/// Entries in the order of a feed: highest rank first, newest first among equals. A place is (rank, sequence), so a
/// reader continues after the last entry seen, whatever was added or removed before it.
module {
  public type Place = (rank : Int64, sequence : Nat64);
  public type Ranking = Map.Map<Place, Entry.Entry>;

  public func empty() : Ranking = Map.empty();

  public func put(self : Ranking, rank : Int64, entry : Entry.Entry) {
    self.add(descending, (rank, entry.sequence), entry);
  };

  public func drop(self : Ranking, rank : Int64, entry : Entry.Entry) {
    self.remove(descending, (rank, entry.sequence));
  };

  /// From the beginning, or after a place.
  public func after(self : Ranking, place : ?Place) : Iter.Iter<(Place, Entry.Entry)> {
    let ?from = place else return self.entries();
    self.entriesFrom(descending, from).filter(func(at, _) = at != from);
  };

  func descending(a : Place, b : Place) : Order.Order {
    if (a.0 != b.0) Int64.compare(b.0, a.0) else Nat64.compare(b.1, a.1);
  };
};
