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
import Interface "Interface";
import Line "Line";
import Outbox "Outbox";
import User "User";

/// Tells content_index and data_backup what changed: at least once, after a moment in which more may come, again and
/// more slowly while it fails. Both take what they know already without any effect.
module {
  /// It numbers a canister's updates, skips numbers that it has, and answers the last one that it has then.
  type Index = actor {
    apply_posts : shared { first : Nat64; follows : ?Nat64; posts : [Interface.PostUpdate] } -> async Result.Result<Nat64, { #gap : { expected : Nat64 }; #unauthorized : Text; #invalid : Text }>;
  };
  /// It answers how far its copies go, which may be less than it was sent: what is missing is then sent again.
  type Backup = actor {
    apply_changes : shared [Interface.Batch] -> async Result.Result<[{ position : Interface.Position; source : Principal }], Text>;
  };

  /// Seconds that an answer may take.
  let patience : Nat32 = 60;

  public class Syncing(
    init : { content_index : ?Principal; data_backup : ?Principal },
    self : () -> Principal,
    users : Map.Map<Principal, User.User>,
    { index; backup } : { index : Outbox.Outbox; backup : Outbox.Outbox },
    numbering : { var next : Nat64 },
    answered : { var last : Nat64 },
  ) {
    func tellIndex() : async* Text {
      let ?id = init.content_index else return "";
      let batches = index.collect(users);
      if (batches.isEmpty()) return "";
      let posts = batches.values().flatMap(func batch : Iter.Iter<Interface.PostUpdate> = newsOf(batch).values()).toArray();
      let failure = if (posts.isEmpty()) "" else await* number(id, posts);
      if (failure != "") {
        index.fail(failure);
        return "content_index: " # failure # ". ";
      };
      for (batch in batches.values()) settle(index, batch.user, batch.incarnation, batch.up_to);
      "";
    };

    /// Sends updates under the numbers that come next. No number is used for two messages, since one that was not
    /// answered may arrive late: behind a newer one it is skipped as known. Where the index has lost what it answered
    /// for, it is told everything; where it is further than this canister believed, this message was skipped.
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
            if (last == first + count - 1) "" else "it knows a later history: sent again";
          };
          case (#err(#gap { expected })) {
            answered.last := expected - 1;
            for ((id, user) in users.entries()) if (user.live) index.restart(id);
            "it has lost what it knew: everything is sent again";
          };
          case (#err(#unauthorized reason or #invalid reason)) reason;
        };
      } catch error error.message();
    };

    func tellBackup() : async* Text {
      let ?id = init.data_backup else return "";
      let batches = backup.collect(users);
      if (batches.isEmpty()) return "";
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

    func newsOf({ user; changes } : Interface.Batch) : [Interface.PostUpdate] {
      let ?found = users.get(user) else return [];
      found.news(user, changes);
    };

    func settle(outbox : Outbox.Outbox, id : Principal, incarnation : Nat64, sequence : Nat64) {
      let ?user = users.get(id) else return;
      // While the answer was under way the user may have begun a new history.
      if (user.incarnation == incarnation) outbox.acknowledge(id, user, sequence);
    };

    func follow({ position = { user = id; incarnation; sequence }; source } : { position : Interface.Position; source : Principal }) {
      let ?user = users.get(id) else return;
      if (source != self()) return letGo(id, user);
      let ownHistory = user.incarnation == incarnation and sequence <= user.records.sequence;
      if (ownHistory) return backup.acknowledge(id, user, sequence);
      if (incarnation < user.incarnation) return;
      // The copy knows what this canister does not: a snapshot was loaded here.
      user.resume(Nat64.fromIntWrap(Time.now()));
      index.restart(id);
      backup.restart(id);
    };

    /// user_index has the user live elsewhere. What is here stays, for whoever wants to look at it.
    func letGo(id : Principal, user : User.User) {
      user.live := false;
      index.forget(id);
      backup.forget(id);
    };

    let toIndex = Line.Line(index, { open = init.content_index != null }, func() : async* Text { await* tellIndex() });
    let toBackup = Line.Line(backup, { open = init.data_backup != null }, func() : async* Text { await* tellBackup() });

    /// Sees to it that what waits will be sent.
    public func wake<system>() {
      toIndex.wake<system>();
      toBackup.wake<system>();
    };

    /// @return why something could not be sent, or an empty text
    public func flush() : async* Text { (await* toIndex.flush()) # (await* toBackup.flush()) };
  };
};
