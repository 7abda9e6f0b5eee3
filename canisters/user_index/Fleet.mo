import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Queue "mo:core/Queue";
import Set "mo:core/Set";
import Interface "Interface";

/// Which user lives in which canister, and the pool. Pure bookkeeping: makes no calls.
module {
  public type Canister = {
    id : Principal;
    subnet : ?Principal;
    var state : Interface.State;
    var users : Nat;
    var sha256 : ?Blob;
    /// Taken before an upgrade that has not finished yet.
    var snapshot : ?Blob;
  };

  /// `registered` once the canister knows the user.
  public type Residence = { canister : Principal; registered : Bool };

  public type Fleet = {
    users : Map.Map<Principal, Residence>;
    canisters : Map.Map<Principal, Canister>;
    /// Active canisters with room.
    open : Set.Set<Principal>;
    /// Canisters in the pool, and canisters that were created but not installed.
    free : Queue.Queue<Principal>;
    empty : Queue.Queue<Principal>;
    perSubnet : Map.Map<Principal, Nat>;
  };

  public func start() : Fleet {
    {
      users = Map.empty();
      canisters = Map.empty();
      open = Set.empty();
      free = Queue.empty();
      empty = Queue.empty();
      perSubnet = Map.empty();
    };
  };

  public func enter(self : Fleet, id : Principal, subnet : ?Principal) : Canister {
    let canister : Canister = { id; subnet; var state = #empty; var users = 0; var sha256 = null; var snapshot = null };
    self.canisters.add(id, canister);
    switch subnet { case (?place) self.perSubnet.add(place, self.countOn(place) + 1); case null {} };
    canister;
  };

  /// After an upgrade: canisters whose preparation was interrupted are prepared again.
  public func resume(self : Fleet) {
    self.empty.clear();
    for ((id, canister) in self.canisters.entries()) if (canister.state == #empty) self.empty.pushBack(id);
  };

  public func countOn(self : Fleet, subnet : Principal) : Nat {
    switch (self.perSubnet.get(subnet)) { case (?count) count; case null 0 };
  };

  /// The subnet with the fewest canisters; `#own` if none is configured, `#full` if all have reached their limit.
  public func place(self : Fleet, { subnets; most_per_subnet } : Interface.Settings) : { #own; #on : Principal; #full } {
    if (subnets.size() == 0) return #own;
    var chosen : ?(Principal, Nat) = null;
    for (subnet in subnets.values()) {
      let count = self.countOn(subnet);
      let better = switch chosen { case (?(_, min)) count < min; case null true };
      if (better and count < most_per_subnet.toNat()) chosen := ?(subnet, count);
    };
    switch chosen { case (?(subnet, _)) #on subnet; case null #full };
  };

  public func release(self : Fleet, canister : Canister) {
    canister.state := #free;
    canister.users := 0;
    self.open.remove(canister.id);
    self.free.pushBack(canister.id);
  };

  /// A canister with room: one in use, or one from the pool.
  public func withRoom(self : Fleet, settings : Interface.Settings) : ?Canister {
    label opened loop {
      let ?id = self.open.values().next() else break opened;
      switch (self.canisters.get(id)) {
        case (?canister) if (hasRoom(canister, settings)) return ?canister;
        case null {};
      };
      // The settings allow fewer users than when it was opened.
      self.open.remove(id);
    };
    let ?id = self.free.popFront() else return null;
    let ?canister = self.canisters.get(id) else return null;
    canister.state := #active;
    ?canister;
  };

  public func hasRoom(canister : Canister, { users_per_canister } : Interface.Settings) : Bool = canister.users < users_per_canister.toNat();

  public func settle(self : Fleet, user : Principal, canister : Canister, settings : Interface.Settings) {
    self.users.add(user, { canister = canister.id; registered = false });
    canister.users += 1;
    if (hasRoom(canister, settings)) self.open.add(canister.id) else self.open.remove(canister.id);
  };

  public func confirm(self : Fleet, user : Principal, canister : Principal) {
    self.users.add(user, { canister; registered = true });
  };

  /// @return the canister, if no user is left in it
  public func leave(self : Fleet, user : Principal) : ?Canister {
    let ?{ canister = id } = self.users.take(user) else return null;
    let ?canister = self.canisters.get(id) else return null;
    canister.users -= 1;
    if (canister.state != #active) return null;
    if (canister.users == 0) return ?canister;
    // `withRoom` closes it again if the settings allow fewer users now.
    self.open.add(id);
    null;
  };

  public func home(self : Fleet, user : Principal) : ?Principal {
    let ?{ canister } = self.users.get(user) else return null;
    ?canister;
  };

  /// No new users are assigned to it.
  public func retire(self : Fleet, canister : Canister) {
    canister.state := #retired;
    self.open.remove(canister.id);
  };

  /// Moves the user to the canister that has the records now, and which does not know it yet.
  public func move(self : Fleet, user : Principal, to : Canister) {
    switch (self.leave(user)) { case (?former) self.retire(former); case null {} };
    to.users += 1;
    self.users.add(user, { canister = to.id; registered = false });
  };

  public func info(canister : Canister) : Interface.CanisterInfo {
    let { id; subnet } = canister;
    { id; subnet; state = canister.state; users = Nat64.fromNat(canister.users); module_sha256 = canister.sha256 };
  };
};
