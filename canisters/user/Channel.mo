import Set "mo:core/Set";
import Timer "mo:core/Timer";
import Outbox "Outbox";

/// Delivers to one other canister: one message at a time, so that messages arrive in the order they were sent, and one
/// timer for the next. Each destination has its own channel, so a failing canister does not hold up the other.
module {
  /// @param send sends one message, or nothing; returns why it failed, or an empty text
  public class Channel(outbox : Outbox.Outbox, { open : Bool }, send : () -> async* Text) {
    var armed = false;
    var busy = false;

    /// Schedules what is waiting: soon, or later after failures.
    public func wake<system>() { if (open and not outbox.waiting.isEmpty()) arm<system>(outbox.delay()) };

    /// @return why sending failed, or an empty text, also while another message is under way
    public func flush() : async* Text {
      if (busy or not open) return "";
      busy := true;
      try { await* send() } finally { busy := false };
    };

    func arm<system>(seconds : Nat) {
      if (armed) return;
      armed := true;
      ignore Timer.setTimer<system>(#seconds seconds, func() : async () {
        armed := false;
        ignore await* flush();
        wake<system>();
      });
    };
  };
};
