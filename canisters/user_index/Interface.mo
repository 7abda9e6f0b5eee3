/// The types of user_index.did. Cycles are Nat, times nanoseconds since 1970.
module {
  /// How canisters are created and maintained.
  public type Settings = {
    /// 1: each user has a canister; more: users share canisters.
    users_per_canister : Nat32;
    /// Canisters kept ready for new users.
    pool : Nat32;
    /// Where new canisters are created: on the one with the fewest. Empty: on the subnet of user_index.
    subnets : [Principal];
    /// Canisters on each subnet of the list. (The field is part of stored settings and of clients: its name stays.)
    most_per_subnet : Nat32;
    /// For a new canister, including its creation fee.
    cycles_per_canister : Nat;
    /// Controllers in addition to user_index: they may stop, snapshot and read user canisters.
    operators : [Principal];
    /// Canisters upgraded at once.
    parallel_upgrades : Nat32;
    /// Failed upgrades after which a rollout pauses.
    most_failures : Nat32;
    funding : Funding;
  };

  /// Canisters with less than `below` beyond the balance at which they freeze are topped up to `to` beyond it (those that
  /// freeze above `below` keep twice that), all together by at most `daily_limit` a day; user_index keeps `reserve`.
  public type Funding = { below : Nat; to : Nat; daily_limit : Nat; reserve : Nat };

  /// empty: nothing installed; free: in the pool; restoring: being filled from a backup; retired: its users move elsewhere.
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

  /// The part of a user canister used here.
  public type UserCanister = actor {
    register : shared Principal -> async { #ok; #err : Any };
    unregister : shared Principal -> async { #ok : { done : Bool }; #err : Any };
    release_if_untouched : shared (Principal, ?Nat64) -> async { #ok : Bool; #err : Any };
    list_untouched : shared query Nat64 -> async { #ok : [Principal]; #err : Any };
    cancel_restore : shared Principal -> async { #ok; #err : Any };
    activate : shared Principal -> async { #ok; #err : Any };
    relinquish : shared (Principal, Nat64) -> async { #ok; #err : Any };
    /// `relinquish` by its former name: see Restoring.mo.
    let_go : shared (Principal, Nat64) -> async { #ok; #err : Any };
    digest : shared query Principal -> async { #ok : { sequence : Nat64 }; #err : Any };
    rewound : shared () -> async { #ok; #err : Any };
    health : shared query () -> async { users : Nat64; changes : Nat64 };
    sync : shared () -> async { #ok : { backup_waiting : Nat64; failure : Text }; #err : Any };
  };
};
