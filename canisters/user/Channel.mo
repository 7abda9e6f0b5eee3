import Set "mo:core/Set";
import Time "mo:core/Time";
import Timer "mo:core/Timer";
import Outbox "Outbox";

/// Delivers to one other canister: one message at a time, so that messages arrive in the order they were sent, and one
/// timer for the next. Each destination has its own channel, so a failing canister does not hold up the other.
module {
  /// Seconds by which a timer may be late.
  let grace = 60;

  /// @param send sends one message, or nothing; returns why it failed, or an empty text
  public class Channel(outbox : Outbox.Outbox, { open : Bool }, send : () -> async* Text) {
    /// When the timer was due at the latest: one that trapped counts as gone soon after.
    var armedUntil : Time.Time = 0;
    var busy = false;

    /// Schedules what is waiting: soon, or later after failures. To be called every hour, too: a message that traps leaves
    /// neither a timer nor a trace.
    public func wake<system>() { if (open and not outbox.waiting.isEmpty()) arm<system>(outbox.delay()) };

    /// @return why sending failed, or an empty text, also while another message is under way
    public func flush() : async* Text {
      if (busy or not open) return "";
      busy := true;
      try { await* send() } finally { busy := false };
    };

    func arm<system>(seconds : Nat) {
      if (Time.now() < armedUntil) return;
      armedUntil := Time.now() + (seconds + grace) * 1_000_000_000;
      ignore Timer.setTimer<system>(#seconds seconds, func() : async () {
        armedUntil := 0;
        ignore await* flush();
        wake<system>();
      });
    };
  };
};
