/// What goes in and out of user_index. Cycles are Nat, times nanoseconds since 1970.
module {
  /// How canisters are made and kept.
  public type Settings = {
    /// 1: a canister of one's own; more: shared.
    users_per_canister : Nat32;
    /// Canisters kept ready for those who come.
    pool : Nat32;
    /// Where new canisters go, the one with the fewest next; empty: the subnet of user_index.
    subnets : [Principal];
    /// Canisters that a subnet of the list may have.
    most_per_subnet : Nat32;
    /// Of a new canister, its creation fee included.
    cycles_per_canister : Nat;
    /// Beside user_index: who may stop, snapshot and read user canisters.
    operators : [Principal];
    /// Canisters upgraded at once.
    parallel_upgrades : Nat32;
    /// Failed upgrades after which a rollout pauses.
    most_failures : Nat32;
    funding : Funding;
  };

  /// Canisters with less than `below` beyond what they freeze with get as much as `to` beyond it (one that freezes with more
  /// than `below` keeps twice that), in a day `daily_limit` together; user_index keeps `reserve`.
  public type Funding = { below : Nat; to : Nat; daily_limit : Nat; reserve : Nat };

  /// empty: nothing installed; free: in the pool; restoring: being filled from a backup; retired: its users live elsewhere.
  public type State = { #empty; #free; #active; #restoring; #retired };

  public type CanisterInfo = { id : Principal; subnet : ?Principal; state : State; users : Nat64; module_sha256 : ?Blob };

  public type Failure = { canister : Principal; reason : Text; rolled_back : Bool };

  public type UpgradeStatus = {
    version : Text;
    sha256 : Blob;
    state : { #idle; #running; #paused; #done };
    canisters : Nat64;
    successful_upgrade_count : Nat64;
    failures : [Failure];
  };

  /// behind: something changed since it was copied.
  public type Error = { #unauthorized : Text; #not_found; #invalid : Text; #failed : Text; #behind : Text };

  /// What is asked of a user canister.
  public type UserCanister = actor {
    register : shared Principal -> async { #ok; #err : Any };
    unregister : shared Principal -> async { #ok : { done : Bool }; #err : Any };
    release_if_untouched : shared (Principal, ?Nat64) -> async { #ok : Bool; #err : Any };
    list_untouched : shared query Nat64 -> async { #ok : [Principal]; #err : Any };
    activate : shared Principal -> async { #ok; #err : Any };
    let_go : shared (Principal, Nat64) -> async { #ok; #err : Any };
    digest : shared query Principal -> async { #ok : { sequence : Nat64 }; #err : Any };
    rewound : shared () -> async { #ok; #err : Any };
    sync : shared () -> async { #ok : { backup_waiting : Nat64; failure : Text }; #err : Any };
    health : shared query () -> async { users : Nat64; changes : Nat64 };
  };
};
