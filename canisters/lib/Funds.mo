import Cycles "mo:core/Cycles";
import Int "mo:core/Int";
import Time "mo:core/Time";

/// What a canister says of its cycles: what it has, and what it burned in a day at the rate of the last hour. A timer
/// of the canister measures every hour.
module {
  /// Cycles; `burned_per_day` is null until an hour has been measured.
  public type Report = { balance : Nat; burned_per_day : ?Nat };

  public type Meter = { var balance : Nat; var at : Time.Time; var perDay : ?Nat };

  let day = 86_400_000_000_000;

  public func meter() : Meter = { var balance = Cycles.balance(); var at = Time.now(); var perDay = null };

  /// An hour in which cycles came in says nothing about those that went: the former rate stands.
  public func measure(self : Meter) {
    let balance = Cycles.balance();
    let elapsed = Time.now() - self.at;
    if (elapsed > 0 and balance <= self.balance) self.perDay := ?((self.balance - balance : Nat) * day / Int.abs(elapsed));
    self.balance := balance;
    self.at := Time.now();
  };

  public func report(self : Meter) : Report = { balance = Cycles.balance(); burned_per_day = self.perDay };
};
