import Array "mo:core/Array";
import Error "mo:core/Error";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat32 "mo:core/Nat32";
import Principal "mo:core/Principal";
import Queue "mo:core/Queue";
import Result "mo:core/Result";
import Set "mo:core/Set";
import Fleet "Fleet";
import Interface "Interface";
import Provisioning "Provisioning";

/// Moves users into fresh canisters that data_backup fills. Each step may be repeated: an operator who resumes after a
/// crash finds the canister into which the previous attempt restored.
module {
  /// Fresh canisters by the canisters whose users move there; `everything` while all users are being moved.
  public type State = { moves : Map.Map<Principal, Principal>; drills : Map.Map<Principal, Principal>; var everything : Bool };

  type Backup = actor { bind_user : shared (Principal, Principal) -> async Any };

  /// Seconds to wait for a reply.
  let patience : Nat32 = 60;

  public func start() : State = { moves = Map.empty(); drills = Map.empty(); var everything = false };

  public class Restoring(state : State, fleet : Fleet.Fleet, provisioning : Provisioning.Provisioning, data_backup : ?Principal) {
    /// No new users are assigned to these canisters.
    /// @return the canisters whose users must be moved; for everything, until `finish`, those that are left
    public func retire(which : { #canister : Principal; #everything }) : Result.Result<[Principal], Interface.Error> {
      switch which {
        case (#canister id) {
          let ?canister = fleet.canisters.get(id) else return #err(#not_found);
          if (canister.state == #active) fleet.retire(canister);
          if (canister.state == #retired) #ok([id]) else #err(#invalid "no users live in this canister");
        };
        case (#everything) {
          if (not state.everything) {
            for (canister in fleet.canisters.values()) if (canister.state == #active and canister.users > 0) fleet.retire(canister);
            state.everything := true;
          };
          let left = fleet.canisters.entries().filter(func(id, canister) = canister.state == #retired and (canister.users > 0 or state.moves.containsKey(id)));
          #ok(left.map(func(id, _) = id).toArray());
        };
      };
    };

    public func finish() { state.everything := false };

    /// The fresh canister for the users of `from`: the same one until `end`.
    public func open(from : Principal, purpose : { #move; #drill }, settings : Interface.Settings) : async* Result.Result<Principal, Interface.Error> {
      let targets = switch purpose { case (#move) state.moves; case (#drill) state.drills };
      // Users were restored there by an attempt that was interrupted before `end`.
      switch (fleet.canisters.get(from)) { case (?source) if (source.state == #restoring) return #ok from; case null {} };
      switch (targets.get(from)) { case (?begun) return #ok begun; case null {} };
      if (fleet.free.isEmpty()) switch (await* provisioning.provide(settings)) { case (#err reason) return #err(#failed reason); case (#ok) {} };
      switch (targets.get(from)) { case (?begun) return #ok begun; case null {} };
      let ?id = fleet.free.popFront() else return #err(#failed "another call took the canister: try again");
      let ?canister = fleet.canisters.get(id) else return #err(#not_found);
      canister.state := #restoring;
      targets.add(from, id);
      #ok id;
    };

    /// From now on the user lives where the records were restored. The former canister relinquishes the user first; it is
    /// treated as lost if it does not reply.
    public func close(user : Principal, target : Principal) : async* Result.Result<(), Interface.Error> {
      let ?canister = fleet.canisters.get(target) else return #err(#not_found);
      let former = fleet.home(user);
      if (former != ?target) {
        if (canister.state != #restoring) return #err(#invalid "this canister is not open for restoring");
        switch (await* relinquish(user, former, target)) { case (#err error) return #err error; case (#ok) {} };
        if (fleet.home(user) != former) return #err(#invalid "this user has moved or left in the meantime");
        fleet.move(user, canister);
      };
      await* settle(user, target);
    };

    /// Removes what was restored of a user who stays where they are, because restoring them failed.
    public func cancel(user : Principal, target : Principal) : async* Result.Result<(), Interface.Error> {
      let ?canister = fleet.canisters.get(target) else return #err(#not_found);
      if (canister.state != #restoring) return #err(#invalid "this canister is not open for restoring");
      if (fleet.home(user) == ?target) return #err(#invalid "this user lives there already");
      try {
        let users : Interface.UserCanister = actor (target.toText());
        switch (await (with timeout = patience) users.cancel_restore(user)) {
          case (#ok) #ok;
          case (#err _) #err(#failed "the canister refuses");
        };
      } catch error #err(#failed(error.message()));
    };

    /// Puts the canister into service with the users that were moved, or returns it to the pool; also a retired one whose
    /// users have all moved.
    public func end(target : Principal, settings : Interface.Settings) : async* Result.Result<(), Interface.Error> {
      let ?canister = fleet.canisters.get(target) else return #err(#not_found);
      if (canister.state == #active) return #ok;
      if (canister.state != #restoring and canister.state != #retired) return #err(#invalid "this canister is neither open for restoring nor retired");
      forget(state.moves, target);
      forget(state.drills, target);
      if (canister.users == 0) {
        switch (await* provisioning.recycle(canister)) { case (#err reason) return #err(#failed reason); case (#ok) return #ok };
      };
      canister.state := #active;
      if (Fleet.hasRoom(canister, settings)) fleet.open.add(target);
      #ok;
    };

    func relinquish(user : Principal, former : ?Principal, target : Principal) : async* Result.Result<(), Interface.Error> {
      let restored : Interface.UserCanister = actor (target.toText());
      let sequence = try {
        switch (await (with timeout = patience) restored.digest(user)) {
          case (#ok { sequence }) sequence;
          case (#err _) return #err(#failed "the user's records are not there");
        };
      } catch error return #err(#failed(error.message()));
      let ?home = former else return #ok;
      let canister : Interface.UserCanister = actor (home.toText());
      let reply = try { ?(await (with timeout = patience) canister.relinquish(user, sequence)) } catch _ {
        // A deployment upgrades user_index before the user canisters, which user_index itself upgrades. Until then they
        // may know the method only by its former name. The next release removes this.
        try { ?(await (with timeout = patience) canister.let_go(user, sequence)) } catch _ null;
      };
      switch reply {
        case (?(#err _)) #err(#behind "the user has changed since the copy was made: send it again");
        case (?(#ok) or null) #ok;
      };
    };

    func settle(user : Principal, target : Principal) : async* Result.Result<(), Interface.Error> {
      try {
        let canister : Interface.UserCanister = actor (target.toText());
        switch (await (with timeout = patience) canister.activate(user)) { case (#err _) return #err(#failed "the user's records are not there"); case (#ok) {} };
        if (fleet.home(user) == ?target) fleet.confirm(user, target);
        let ?id = data_backup else return #ok;
        let backup : Backup = actor (id.toText());
        ignore await (with timeout = patience) backup.bind_user(user, target);
        #ok;
      } catch error #err(#failed(error.message()));
    };

    func forget(targets : Map.Map<Principal, Principal>, target : Principal) {
      for ((from, into) in targets.toArray().values()) if (into == target) targets.remove(from);
    };
  };
};
