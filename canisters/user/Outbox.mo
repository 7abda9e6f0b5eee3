import Array "mo:core/Array";
import Iter "mo:core/Iter";
import List "mo:core/List";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Set "mo:core/Set";
import Text "mo:core/Text";
import Records "../lib/Records";
import Interface "Interface";
import User "User";

/// How far another canister has followed each user's changes, and which users have changes to send. The changes
/// themselves are read from the records when they are sent, so an outbox does not grow while they are not acknowledged.
module {
  public type Outbox = { acknowledged : Map.Map<Principal, Nat64>; waiting : Set.Set<Principal>; var failures : Nat; var failure : Text };

  /// Bytes of one message: below the platform's 2 MiB between subnets.
  let maxBytes = 1_500_000;
  let maxUsers = 500;
  let maxChanges = 1_000;

  public func empty() : Outbox = { acknowledged = Map.empty(); waiting = Set.empty(); var failures = 0; var failure = "" };

  public func touch(self : Outbox, user : Principal) { self.waiting.add(user) };

  /// Starts again from the first change: another history, or a copy that was lost.
  public func restart(self : Outbox, user : Principal) {
    self.acknowledged.remove(user);
    self.waiting.add(user);
  };

  public func forget(self : Outbox, user : Principal) {
    self.acknowledged.remove(user);
    self.waiting.remove(user);
  };

  public func position(self : Outbox, user : Principal) : Nat64 {
    switch (self.acknowledged.get(user)) { case (?sequence) sequence; case null 0 };
  };

  /// The next message. Users take turns, so that one with many changes does not hold up the others.
  /// @param last the last user of the previous message, who comes last in this one
  public func collect(self : Outbox, users : Map.Map<Principal, User.User>, last : ?Principal) : [Interface.Batch] {
    let batches = List.empty<Interface.Batch>();
    var bytes = 0;
    var count = 0;
    let turn = switch last {
      case (?user) self.waiting.valuesFrom(user).filter(func id = id != user).concat(self.waiting.values().takeWhile(func id = id <= user));
      case null self.waiting.values();
    };
    label gathering for (id in turn) {
      if (bytes >= maxBytes or batches.size() >= maxUsers or count >= maxChanges) break gathering;
      let ?user = users.get(id) else continue gathering;
      if (not user.live) continue gathering;
      let base = self.position(id);
      let changes = user.records.since(base, maxBytes - bytes, maxChanges - count);
      count += changes.size();
      for (change in changes.values()) bytes += change.bytes();
      let up_to = if (changes.isEmpty()) base else changes[changes.size() - 1].sequence;
      batches.add({ user = id; incarnation = user.incarnation; base; up_to; changes });
    };
    batches.toArray();
  };

  /// Notes what the other side has. A user with newer changes keeps waiting.
  public func acknowledge(self : Outbox, id : Principal, user : User.User, sequence : Nat64) {
    self.acknowledged.add(id, sequence);
    if (sequence == user.records.sequence) self.waiting.remove(id) else self.waiting.add(id);
    self.failures := 0;
  };

  public func fail(self : Outbox, reason : Text) {
    self.failures += 1;
    self.failure := reason;
  };

  /// Seconds until the next try: 2, then 4, 8, ... 512 after failures.
  public func delay(self : Outbox) : Nat = 2 ** (1 + Nat.min(self.failures, 8));
};
