import Float "mo:core/Float";
import Int64 "mo:core/Int64";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Nat8 "mo:core/Nat8";
import Interface "Interface";

/// What viewers did, as numbers to order videos by.
module {
  /// The live app's home feed score without its term for age (a feed of the newest stands beside it) and votes.
  /// @source dolr-ai/hot-or-not-backend-canister, shared_utils, "home_feed" score of a post
  public func popularity(statistics : Interface.Statistics) : Int64 {
    let { views; threshold_views; average_watch_percentage; likes; shares } = statistics;
    if (views == 0) return 0;
    let all = views.toNat().toFloat();
    let score = 10_000.0 * likes.toNat().toFloat() / all + 1_000.0 * threshold_views.toNat().toFloat() / all +
    10.0 * average_watch_percentage.toNat().toFloat() + 100_000.0 * shares.toNat().toFloat() / all;
    whole(score);
  };

  /// Most disputed first: 1000 * (hot + not) ^ (smaller / larger), so votes count the more the closer they stand.
  /// Zero while all votes agree.
  /// @source Reddit, r2/lib/db/_sorts.pyx, "controversy"
  public func disputed(hot : Nat64, not_ : Nat64) : Int64 {
    if (hot == 0 or not_ == 0) return 0;
    let (less, more) = (Nat64.min(hot, not_).toNat().toFloat(), Nat64.max(hot, not_).toNat().toFloat());
    whole(1_000.0 * (less + more) ** (less / more));
  };

  /// Numbers that no counter reaches honestly shall not trap.
  func whole(score : Float) : Int64 = Float.min(score, 1.0e18).toInt64();
};
