import List "mo:core/List";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Interface "Interface";

/// What signed-in callers did to the posts of this canister, in order, for the recommender to read. A ring: new entries
/// replace the oldest. Sequence numbers begin at 1 and leave no gaps.
module {
  public type Entry = { at : Nat64; by : Principal; owner : Principal; id : Nat64; action : Interface.Action };

  /// Numbers are valid within one epoch: a loaded snapshot begins a new one, since it may use numbers again.
  public type Log = { var epoch : Nat64; var last : Nat64; ring : List.List<Entry> };

  /// About 12 MB.
  let capacity = 50_000;

  public func empty(epoch : Nat64) : Log = { var epoch; var last = 0; ring = List.empty() };

  public func add(self : Log, entry : Entry) {
    let slot = slotOf(self.last + 1);
    if (slot < self.ring.size()) self.ring.put(slot, entry) else self.ring.add(entry);
    self.last += 1;
  };

  public func oldest(self : Log) : Nat64 = self.last + 1 - Nat64.fromNat(self.ring.size());

  /// @param limit how many entries at most
  /// @return the entries after that number that are still there, with their numbers, oldest first
  public func since(self : Log, after : Nat64, limit : Nat64) : [(Nat64, Entry)] {
    let first = Nat64.max(after, self.oldest() - 1) + 1;
    if (first > self.last) return [];
    let count = Nat64.min(limit, self.last + 1 - first).toNat();
    List.tabulate<(Nat64, Entry)>(
      count,
      func index {
        let number = first + Nat64.fromNat(index);
        (number, self.ring.at(slotOf number));
      },
    ).toArray();
  };

  func slotOf(number : Nat64) : Nat = ((number - 1) % Nat64.fromNat(capacity)).toNat();
};
