import Cycles "mo:core/Cycles";
import Int "mo:core/Int";
import Principal "mo:core/Principal";
import Time "mo:core/Time";
import Platform "Platform";

/// A canister's report of its cycles: its balance, what it burns per day at the rate of the last hour, and the balance
/// below which it freezes. A timer of the canister measures every hour.
module {
  /// Cycles; null until an hour has been measured.
  public type Report = { balance : Nat; burned_per_day : ?Nat; freezes_below : ?Nat };

  public type Meter = { var balance : Nat; var at : Time.Time; var perDay : ?Nat };

  /// Transient: read again after an upgrade, which may have changed the memory.
  public type Reserve = { var cycles : ?Nat };

  let day = 86_400_000_000_000;

  public func meter() : Meter = { var balance = Cycles.balance(); var at = Time.now(); var perDay = null };

  public func reserve() : Reserve = { var cycles = null };

  /// If cycles were received in the last hour, what was burned is unknown and the previous rate stays. Likewise, the
  /// previous reserve stays if the platform does not reply.
  public func measure(self : Meter, reserve : Reserve, canister : Principal) : async* () {
    let balance = Cycles.balance();
    let elapsed = Time.now() - self.at;
    if (elapsed > 0 and balance <= self.balance) self.perDay := ?((self.balance - balance : Nat) * day / Int.abs(elapsed));
    self.balance := balance;
    self.at := Time.now();
    // "canister_status: only the controllers of the canister or the canister itself".
    try { reserve.cycles := ?freezesBelow(await Platform.management().canister_status({ canister_id = canister })) } catch _ {};
  };

  /// Cycles that left for a new canister were not burned. A negative amount: they came back.
  public func moved(self : Meter, cycles : Int) {
    self.balance := Int.abs(Int.max(0, self.balance - cycles));
  };

  public func report(self : Meter, reserve : Reserve) : Report {
    { balance = Cycles.balance(); burned_per_day = self.perDay; freezes_below = reserve.cycles };
  };

  /// What memory and allocations cost over the period of the freezing threshold.
  public func freezesBelow({ idle_cycles_burned_per_day; settings } : Platform.Status) : Nat {
    idle_cycles_burned_per_day * settings.freezing_threshold / 86_400;
  };
};
