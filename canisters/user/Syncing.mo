import Array "mo:core/Array";
import Error "mo:core/Error";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Set "mo:core/Set";
import Text "mo:core/Text";
import Time "mo:core/Time";
import Timer "mo:core/Timer";
import Interface "Interface";
import Outbox "Outbox";
import User "User";

/// Tells content_index and data_backup what changed: at least once, after a moment in which more may come, again and
/// more slowly while it fails. Both take what they know already without any effect.
module {
  /// It numbers a canister's updates, skips numbers that it has, and answers the last one that it has then.
  type Index = actor {
    apply_posts : shared { first : Nat64; posts : [Interface.PostUpdate] } -> async Result.Result<Nat64, { #gap : { expected : Nat64 }; #unauthorized : Text; #invalid : Text }>;
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
  ) {
    var armed = false;
    var busy = false;

    /// Sees to it that what waits will be sent.
    public func wake<system>() { if (isWaiting()) arm<system>(Nat.max(index.delay(), backup.delay())) };

    /// @return why something could not be sent, or an empty text, also while another message is sending
    public func flush<system>() : async* Text {
      if (busy) return "";
      busy := true;
      try { (await* tellIndex()) # (await* tellBackup()) } finally { busy := false };
    };

    func isWaiting() : Bool {
      (init.content_index != null and not index.waiting.isEmpty()) or (init.data_backup != null and not backup.waiting.isEmpty());
    };

    func arm<system>(seconds : Nat) {
      if (armed) return;
      armed := true;
      ignore Timer.setTimer<system>(#seconds seconds, func() : async () {
        armed := false;
        ignore await* flush<system>();
        wake<system>();
      });
    };

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

    /// Sends updates under the numbers that come next. Where the index is further than this canister believed, it has
    /// skipped them as known: they are sent again under new numbers.
    func number(id : Principal, posts : [Interface.PostUpdate]) : async* Text {
      let canister : Index = actor (id.toText());
      let count = Nat64.fromNat(posts.size());
      let first = numbering.next;
      // What is not answered may have been taken: those numbers are not used twice.
      numbering.next := first + count;
      try {
        switch (await (with timeout = patience) canister.apply_posts({ first; posts })) {
          case (#ok last) {
            numbering.next := last + 1;
            if (last == first + count - 1) "" else "it knows a later history: sent again";
          };
          case (#err(#gap { expected })) {
            numbering.next := expected;
            "it misses what came before: sent again";
          };
          case (#err(#unauthorized reason or #invalid reason)) {
            numbering.next := first;
            reason;
          };
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
          case (#ok positions) { for (reply in positions.values()) follow(reply) };
          case (#err reason) {
            backup.fail(reason);
            return "data_backup: " # reason # ". ";
          };
        };
        "";
      } catch error {
        backup.fail(error.message());
        "data_backup: " # error.message() # ". ";
      };
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
      let ownHistory = user.incarnation == incarnation and sequence <= user.records.sequence;
      if (ownHistory) return backup.acknowledge(id, user, sequence);
      if (incarnation < user.incarnation) return;
      // The copy knows what this canister does not: it was restored elsewhere, or a snapshot was loaded here.
      if (source != self()) {
        user.live := false;
        index.forget(id);
        backup.forget(id);
        return;
      };
      user.resume(Nat64.fromIntWrap(Time.now()));
      index.restart(id);
      backup.restart(id);
    };
  };
};
