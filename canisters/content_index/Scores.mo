import Float "mo:core/Float";
import Int64 "mo:core/Int64";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Nat8 "mo:core/Nat8";
import Interface "Interface";

/// Scores by which videos are ordered, from what viewers did.
module {
  /// The home feed score of the live app without the terms for age (there is a feed of the newest) and votes.
  /// @source dolr-ai/hot-or-not-backend-canister, shared_utils, "home_feed" score of a post
  public func popularity(statistics : Interface.Statistics) : Int64 {
    let { views; threshold_views; average_watch_percentage; likes; shares } = statistics;
    if (views == 0) return 0;
    let all = views.toNat().toFloat();
    let score = 10_000.0 * likes.toNat().toFloat() / all + 1_000.0 * threshold_views.toNat().toFloat() / all +
    10.0 * average_watch_percentage.toNat().toFloat() + 100_000.0 * shares.toNat().toFloat() / all;
    whole(score);
  };

  /// Most disputed first: 1000 * (hot + not) ^ (smaller / larger): the more evenly split, the more each vote counts.
  /// Zero while all votes agree.
  /// @source Reddit, r2/lib/db/_sorts.pyx, "controversy"
  public func disputed(hot : Nat64, not_ : Nat64) : Int64 {
    if (hot == 0 or not_ == 0) return 0;
    let (less, more) = (Nat64.min(hot, not_).toNat().toFloat(), Nat64.max(hot, not_).toNat().toFloat());
    whole(1_000.0 * (less + more) ** (less / more));
  };

  /// Counters that cannot be honest must not cause a trap.
  func whole(score : Float) : Int64 = Float.min(score, 1.0e18).toInt64();
};
