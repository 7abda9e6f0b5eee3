import Array "mo:core/Array";
import Error "mo:core/Error";
import Int "mo:core/Int";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Time "mo:core/Time";
import Channel "Channel";
import Interface "Interface";
import Outbox "Outbox";
import User "User";

/// Sends changes to content_index and data_backup: at least once, after a short delay that collects more of them, and
/// with growing pauses while sending fails. Changes that the receiver knows already have no effect there.
module {
  /// Updates are numbered. It skips numbers that it has applied and returns the last one applied.
  type Index = actor {
    apply_posts : shared { first : Nat64; follows : ?Nat64; posts : [Interface.PostUpdate] } -> async Result.Result<Nat64, { #gap : { expected : Nat64 }; #unauthorized : Text; #invalid : Text }>;
  };
  /// It returns how far its copies reach, which may be less than what was sent: the rest is then sent again.
  type Backup = actor {
    apply_changes : shared [Interface.Batch] -> async Result.Result<[{ position : Interface.Position; source : Principal }], Text>;
  };

  /// Seconds to wait for a reply.
  let patience : Nat32 = 60;

  public class Syncing(
    init : { content_index : ?Principal; data_backup : ?Principal },
    self : () -> Principal,
    users : Map.Map<Principal, User.User>,
    { index; backup } : { index : Outbox.Outbox; backup : Outbox.Outbox },
    numbering : { var next : Nat64 },
    answered : { var last : Nat64 },
  ) {
    /// The last users of the previous messages.
    let lastSent = { var index : ?Principal = null; var backup : ?Principal = null };

    func notifyIndex() : async* Text {
      let ?id = init.content_index else return "";
      let batches = index.collect(users, lastSent.index);
      if (batches.isEmpty()) return "";
      lastSent.index := ?batches[batches.size() - 1].user;
      let posts = batches.values().flatMap(func batch : Iter.Iter<Interface.PostUpdate> = updatesOf(batch).values()).toArray();
      let failure = if (posts.isEmpty()) "" else await* number(id, posts);
      if (failure != "") {
        index.fail(failure);
        return "content_index: " # failure # ". ";
      };
      for (batch in batches.values()) settle(index, batch.user, batch.incarnation, batch.up_to);
      "";
    };

    /// Sends updates under the next numbers. A number is never used for two messages, since a message without a reply may
    /// still arrive: after a newer one it is skipped as known. If the index has lost updates that it acknowledged,
    /// everything is sent again; if it is ahead of this canister, it has skipped this message.
    func number(id : Principal, posts : [Interface.PostUpdate]) : async* Text {
      let canister : Index = actor (id.toText());
      let count = Nat64.fromNat(posts.size());
      let first = numbering.next;
      numbering.next := first + count;
      try {
        switch (await (with timeout = patience) canister.apply_posts({ first; follows = ?answered.last; posts })) {
          case (#ok last) {
            answered.last := last;
            numbering.next := Nat64.max(numbering.next, last + 1);
            if (last == first + count - 1) "" else "it has a later history: the updates are sent again";
          };
          case (#err(#gap { expected })) {
            answered.last := expected - 1;
            for ((id, user) in users.entries()) if (user.live) index.restart(id);
            "it has lost updates: everything is sent again";
          };
          case (#err(#unauthorized reason or #invalid reason)) reason;
        };
      } catch error error.message();
    };

    func notifyBackup() : async* Text {
      let ?id = init.data_backup else return "";
      let batches = backup.collect(users, lastSent.backup);
      if (batches.isEmpty()) return "";
      lastSent.backup := ?batches[batches.size() - 1].user;
      try {
        let canister : Backup = actor (id.toText());
        switch (await (with timeout = patience) canister.apply_changes(batches)) {
          case (#ok positions) {
            for (reply in positions.values()) follow(reply);
            if (positions.size() == batches.size()) "" else failed("user_index does not know " # (batches.size() - positions.size() : Int).toText() # " of the users");
          };
          case (#err reason) failed(reason);
        };
      } catch error failed(error.message());
    };

    func failed(reason : Text) : Text {
      backup.fail(reason);
      "data_backup: " # reason # ". ";
    };

    func updatesOf({ user; changes } : Interface.Batch) : [Interface.PostUpdate] {
      let ?found = users.get(user) else return [];
      found.updates(user, changes);
    };

    func settle(outbox : Outbox.Outbox, id : Principal, incarnation : Nat64, sequence : Nat64) {
      let ?user = users.get(id) else return;
      // The user may have begun a new history while the reply was under way.
      if (user.incarnation == incarnation) outbox.acknowledge(id, user, sequence);
    };

    func follow({ position = { user = id; incarnation; sequence }; source } : { position : Interface.Position; source : Principal }) {
      let ?user = users.get(id) else return;
      if (source != self()) return relinquish(id, user);
      let ownHistory = user.incarnation == incarnation and sequence <= user.records.sequence;
      if (ownHistory) return backup.acknowledge(id, user, sequence);
      if (incarnation < user.incarnation) return;
      // The copy has changes that this canister does not have: a snapshot was loaded here.
      user.resume(Nat64.fromIntWrap(Time.now()));
      index.restart(id);
      backup.restart(id);
    };

    /// The user lives in another canister according to user_index. The records stay here, for inspection.
    func relinquish(id : Principal, user : User.User) {
      user.live := false;
      index.forget(id);
      backup.forget(id);
    };

    let toIndex = Channel.Channel(index, { open = init.content_index != null }, func() : async* Text { await* notifyIndex() });
    let toBackup = Channel.Channel(backup, { open = init.data_backup != null }, func() : async* Text { await* notifyBackup() });

    /// Schedules what is waiting.
    public func wake<system>() {
      toIndex.wake<system>();
      toBackup.wake<system>();
    };

    /// @return why sending failed, or an empty text
    public func flush() : async* Text { (await* toIndex.flush()) # (await* toBackup.flush()) };
  };
};
