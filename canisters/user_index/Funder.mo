import Cycles "mo:core/Cycles";
import Error "mo:core/Error";
import Int "mo:core/Int";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Option "mo:core/Option";
import Principal "mo:core/Principal";
import Text "mo:core/Text";
import Time "mo:core/Time";
import Funds "../lib/Funds";
import Platform "../lib/Platform";
import Fleet "Fleet";
import Interface "Interface";

/// Keeps canisters from running out of cycles, within a daily limit and without spending its own reserve.
module {
  /// `balance` is the last one read; `failure` says why it could not be read or topped up.
  public type Report = { canister : Principal; balance : Nat; burned_per_day : ?Nat; received : Nat; failure : Text; at : Nat64 };

  public type Ledger = {
    /// Kiln's canisters other than user canisters: all of them are checked in every round.
    watched : Map.Map<Principal, Report>;
    /// User canisters that were low and could not be topped up.
    low : Map.Map<Principal, Report>;
    var after : ?Principal;
    var day : Nat;
    var spent : Nat;
  };

  type Reporting = actor { cycles_report : shared query () -> async Funds.Report };

  /// User canisters checked in a round.
  let perRound = 200;
  let nanosecondsOfDay = 86_400_000_000_000;

  public func start() : Ledger = { watched = Map.empty(); low = Map.empty(); var after = null; var day = 0; var spent = 0 };

  public class Funder(ledger : Ledger, fleet : Fleet.Fleet, settings : () -> Interface.Settings) {
    public func watch(canister : Principal) {
      let unread : Report = { canister; balance = 0; burned_per_day = null; received = 0; failure = "not checked yet"; at = 0 };
      if (not ledger.watched.containsKey(canister)) ledger.watched.add(canister, unread);
    };

    public func run() : async* () {
      for (canister in ledger.watched.keys().toArray().values()) {
        let report = await* fund(canister, func() : async* Funds.Report { await* reportOf(canister) });
        ledger.watched.add(canister, report);
      };
      let entries = switch (ledger.after) { case (?id) fleet.canisters.entriesFrom(id); case null fleet.canisters.entries() };
      let checked = entries.filter(func(id, _) = ?id != ledger.after).take(perRound).map(func(id, _) = id).toArray();
      ledger.after := if (checked.size() < perRound) null else ?checked[perRound - 1];
      for (canister in checked.values()) {
        let report = await* fund(canister, func() : async* Funds.Report { await* statusOf(canister) });
        if (report.failure == "") ledger.low.remove(canister) else ledger.low.add(canister, report);
      };
    };

    /// In a message of its own: a report of another type traps there, and the canisters behind this one are still funded.
    func reportOf(canister : Principal) : async* Funds.Report {
      let reporting : Reporting = actor (canister.toText());
      await (async { await reporting.cycles_report() });
    };

    func statusOf(canister_id : Principal) : async* Funds.Report {
      let status = await Platform.management().canister_status({ canister_id });
      { balance = status.cycles; burned_per_day = ?status.idle_cycles_burned_per_day; freezes_below = ?Funds.freezesBelow(status) };
    };

    func fund(canister : Principal, read : () -> async* Funds.Report) : async* Report {
      let at = Nat64.fromIntWrap(Time.now());
      try {
        let { balance; burned_per_day; freezes_below } = await* read();
        let { below; to } = settings().funding;
        let { min; target } = wantedBy(freezes_below.get(0), below, to);
        if (balance >= min) return { canister; balance; burned_per_day; received = 0; failure = ""; at };
        let received = await* give(canister, Nat.max(target, balance) - balance);
        let failure = if (balance + received >= min) "" else "low: the daily limit or the balance of user_index does not allow more";
        { canister; balance = balance + received; burned_per_day; received; failure; at };
      } catch error {
        let received = await* thaw(canister, error.message());
        { canister; balance = received; burned_per_day = null; received; failure = "cannot be read: " # error.message(); at };
      };
    };

    /// A canister with much memory freezes at a high balance. Beyond that it keeps `below`, and at least the same again.
    func wantedBy(freezesBelow : Nat, below : Nat, to : Nat) : { min : Nat; target : Nat } {
      let min = freezesBelow + Nat.max(below, freezesBelow);
      { min; target = min + minus(to, below) };
    };

    /// A frozen canister does not reply, so what it needs is unknown: it gets a share in every round until it replies.
    func thaw(canister : Principal, reason : Text) : async* Nat {
      if (not reason.contains(#text "out of cycles")) return 0;
      try { await* give(canister, settings().funding.to) } catch _ 0;
    };

    /// @return how much of it was given
    func give(canister_id : Principal, wanted : Nat) : async* Nat {
      let { daily_limit; reserve } = settings().funding;
      let cycles = Nat.min(wanted, Nat.min(minus(daily_limit, spentToday()), minus(Cycles.balance(), reserve)));
      // Counted before the call, so that concurrent rounds keep the limit together.
      ledger.spent += cycles;
      if (cycles > 0) await (with cycles) Platform.management().deposit_cycles({ canister_id });
      cycles;
    };

    /// UTC days.
    public func spentToday() : Nat {
      let today = Int.abs(Time.now()) / nanosecondsOfDay;
      if (today != ledger.day) {
        ledger.day := today;
        ledger.spent := 0;
      };
      ledger.spent;
    };

    func minus(amount : Nat, less : Nat) : Nat = if (amount > less) amount - less else 0;
  };
};
