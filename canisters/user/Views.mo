import Nat64 "mo:core/Nat64";
import Nat8 "mo:core/Nat8";
import Interface "Interface";

/// Watch statistics of one post. The sum is kept instead of a running mean, so that the mean does not drift.
module {
  public type Views = { count : Nat64; beyond_threshold : Nat64; percent_sum : Nat64 };

  let threshold : Nat8 = 20;

  public let none : Views = { count = 0; beyond_threshold = 0; percent_sum = 0 };

  /// @return null if the details are out of range
  public func add(views : Views, details : Interface.ViewDetails) : ?Views {
    let (complete, last) = switch details {
      case (#WatchedPartially { percentage_watched }) (0 : Nat8, percentage_watched);
      case (#WatchedMultipleTimes { watch_count; percentage_watched }) (watch_count, percentage_watched);
    };
    if (last == 0 or last > 100) return null;
    let watches = complete.toNat64();
    ?{
      count = views.count + watches + 1;
      beyond_threshold = views.beyond_threshold + watches + (if (last > threshold) 1 else 0);
      percent_sum = views.percent_sum + watches * 100 + last.toNat64();
    };
  };

  public func statistics({ count; beyond_threshold; percent_sum } : Views) : Interface.ViewStatistics {
    {
      total_view_count = count;
      threshold_view_count = beyond_threshold;
      average_watch_percentage = if (count == 0) 0 else Nat8.fromNat((percent_sum / count).toNat());
    };
  };
};
