import Array "mo:core/Array";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Time "mo:core/Time";

/// Who changed what and when: the latest hundred thousand changes, numbered without gaps.
module {
  /// `at` in nanoseconds since 1970; `change` is a sentence.
  public type Entry = { sequence : Nat64; at : Nat64; by : Principal; change : Text };
  public type Audit = { var next : Nat64; entries : Map.Map<Nat64, Entry> };

  let maxEntries : Nat64 = 100_000;

  public func empty() : Audit = { var next = 0; entries = Map.empty() };

  public func record(self : Audit, by : Principal, change : Text) {
    let sequence = self.next;
    self.entries.add(sequence, { sequence; at = Nat64.fromIntWrap(Time.now()); by; change });
    self.next += 1;
    if (sequence >= maxEntries) self.entries.remove(sequence - maxEntries);
  };

  /// Entries from that number onwards, oldest first.
  public func page(self : Audit, from : Nat64, limit : Nat) : [Entry] {
    self.entries.entriesFrom(from).map(func(_, entry) = entry).take(limit).toArray();
  };
};
