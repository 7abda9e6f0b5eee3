import Nat64 "mo:core/Nat64";
import Nat8 "mo:core/Nat8";
import Interface "Interface";

/// Watch statistics of one post: a principal counts once, with the largest percentage watched at once. The sum is kept
/// instead of a running mean, so that the mean does not drift.
module {
  public type Views = { count : Nat64; beyond_threshold : Nat64; percent_sum : Nat64 };

  let threshold : Nat8 = 20;

  public let none : Views = { count = 0; beyond_threshold = 0; percent_sum = 0 };

  /// @return null if the details are out of range
  public func percentageOf(details : Interface.ViewDetails) : ?Nat8 {
    let (complete, last) = switch details {
      case (#WatchedPartially { percentage_watched }) (0 : Nat8, percentage_watched);
      case (#WatchedMultipleTimes { watch_count; percentage_watched }) (watch_count, percentage_watched);
    };
    if (last == 0 or last > 100) null else if (complete > 0) ?100 else ?last;
  };

  /// Raises what counts of a principal; 0 if nothing did.
  public func raise(views : Views, from : Nat8, to : Nat8) : Views {
    {
      count = views.count + (if (from == 0) 1 else 0);
      beyond_threshold = views.beyond_threshold + (if (from <= threshold and to > threshold) 1 else 0);
      percent_sum = views.percent_sum + (to - from).toNat64();
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
