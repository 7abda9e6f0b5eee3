import Nat32 "mo:core/Nat32";
import Interface "Interface";

/// The default settings of user_index, and the check of new ones.
module {
  let trillion = 1_000_000_000_000;

  public let standard : Interface.Settings = {
    users_per_canister = 1_000;
    pool = 1;
    subnets = [];
    most_per_subnet = 20_000;
    cycles_per_canister = 2_000_000_000_000;
    operators = [];
    parallel_upgrades = 4;
    most_failures = 3;
    funding = { below = trillion; to = 2_000_000_000_000; daily_limit = 20_000_000_000_000; reserve = 5_000_000_000_000 };
  };

  /// @return the first thing that is wrong, as a sentence
  public func fault(settings : Interface.Settings) : ?Text {
    let { users_per_canister; pool; subnets; most_per_subnet; cycles_per_canister; operators; parallel_upgrades; most_failures; funding } = settings;
    if (users_per_canister == 0 or users_per_canister > 100_000) return ?"users_per_canister must be 1 to 100000";
    if (pool > 1_000) return ?"pool must be at most 1000";
    if (subnets.size() > 100) return ?"at most 100 subnets";
    if (most_per_subnet == 0) return ?"most_per_subnet must be at least 1";
    if (cycles_per_canister < trillion / 2) return ?"cycles_per_canister must cover the creation fee: at least 500000000000";
    if (operators.size() > 9) return ?"at most 9 operators: a canister may have 10 controllers";
    if (parallel_upgrades == 0 or parallel_upgrades > 50) return ?"parallel_upgrades must be 1 to 50";
    if (most_failures == 0) return ?"most_failures must be at least 1";
    if (funding.to < funding.below) return ?"funding.to must not be less than funding.below";
    null;
  };
};
