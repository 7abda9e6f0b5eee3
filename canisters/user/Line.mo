import Set "mo:core/Set";
import Timer "mo:core/Timer";
import Outbox "Outbox";

/// The way to one other canister: a message at a time, so that what is sent arrives in its order, and one timer for
/// the next. Each way has its own, so that one canister that fails does not hold up the other.
module {
  /// @param send one message, or nothing; returns why it failed, or an empty text
  public class Line(outbox : Outbox.Outbox, { open : Bool }, send : () -> async* Text) {
    var armed = false;
    var busy = false;

    /// Sees to it that what waits will be sent: soon, later after failures.
    public func wake<system>() { if (open and not outbox.waiting.isEmpty()) arm<system>(outbox.delay()) };

    /// @return why something could not be sent, or an empty text, also while another message is sending
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
