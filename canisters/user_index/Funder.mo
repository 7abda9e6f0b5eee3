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

/// Keeps canisters from running out of cycles, within a daily limit and without running out itself.
module {
  /// `balance` is what was read last; `failure` says why it could not be read or raised.
  public type Report = { canister : Principal; balance : Nat; burned_per_day : ?Nat; received : Nat; failure : Text; at : Nat64 };

  public type Ledger = {
    /// Of Kiln's canisters that are no user canisters: they are all asked in every round.
    watched : Map.Map<Principal, Report>;
    /// User canisters that were low and could not be raised.
    low : Map.Map<Principal, Report>;
    var after : ?Principal;
    var day : Nat;
    var spent : Nat;
  };

  type Reporting = actor { cycles_report : shared query () -> async Funds.Report };

  /// User canisters asked in a round.
  let round = 200;
  let nanosecondsOfDay = 86_400_000_000_000;

  public func start() : Ledger = { watched = Map.empty(); low = Map.empty(); var after = null; var day = 0; var spent = 0 };

  public class Funder(ledger : Ledger, fleet : Fleet.Fleet, settings : () -> Interface.Settings) {
    public func watch(canister : Principal) {
      let unread : Report = { canister; balance = 0; burned_per_day = null; received = 0; failure = "not asked yet"; at = 0 };
      if (not ledger.watched.containsKey(canister)) ledger.watched.add(canister, unread);
    };

    public func run() : async* () {
      for (canister in ledger.watched.keys().toArray().values()) {
        let reporting : Reporting = actor (canister.toText());
        let report = await* fund(canister, func() : async* Funds.Report { await reporting.cycles_report() });
        ledger.watched.add(canister, report);
      };
      let entries = switch (ledger.after) { case (?id) fleet.canisters.entriesFrom(id); case null fleet.canisters.entries() };
      let asked = entries.filter(func(id, _) = ?id != ledger.after).take(round).map(func(id, _) = id).toArray();
      ledger.after := if (asked.size() < round) null else ?asked[round - 1];
      for (canister in asked.values()) {
        let report = await* fund(canister, func() : async* Funds.Report { await* statusOf(canister) });
        if (report.failure == "") ledger.low.remove(canister) else ledger.low.add(canister, report);
      };
    };

    func statusOf(canister_id : Principal) : async* Funds.Report {
      let status = await Platform.management().canister_status({ canister_id });
      { balance = status.cycles; burned_per_day = ?status.idle_cycles_burned_per_day; freezes_below = ?Funds.freezesBelow(status) };
    };

    func fund(canister : Principal, ask : () -> async* Funds.Report) : async* Report {
      let at = Nat64.fromIntWrap(Time.now());
      try {
        let { balance; burned_per_day; freezes_below } = await* ask();
        let { below; to } = settings().funding;
        let { least; enough } = wantedBy(freezes_below.get(0), below, to);
        if (balance >= least) return { canister; balance; burned_per_day; received = 0; failure = ""; at };
        let received = await* give(canister, Nat.max(enough, balance) - balance);
        let failure = if (balance + received >= least) "" else "low: the daily limit or the balance of user_index does not allow more";
        { canister; balance = balance + received; burned_per_day; received; failure; at };
      } catch error {
        let received = await* thaw(canister, error.message());
        { canister; balance = received; burned_per_day = null; received; failure = "cannot be asked: " # error.message(); at };
      };
    };

    /// One that holds much memory freezes with much: beyond that it keeps `below`, and at least as much again.
    func wantedBy(freezesBelow : Nat, below : Nat, to : Nat) : { least : Nat; enough : Nat } {
      let least = freezesBelow + Nat.max(below, freezesBelow);
      { least; enough = least + minus(to, below) };
    };

    /// A frozen canister answers nobody, so how much it lacks is unknown: it gets a share in every round until it answers.
    func thaw(canister : Principal, reason : Text) : async* Nat {
      if (not reason.contains(#text "out of cycles")) return 0;
      try { await* give(canister, settings().funding.to) } catch _ 0;
    };

    /// @return what was given of it
    func give(canister_id : Principal, wanted : Nat) : async* Nat {
      let { daily_limit; reserve } = settings().funding;
      let cycles = Nat.min(wanted, Nat.min(minus(daily_limit, spentToday()), minus(Cycles.balance(), reserve)));
      // Counted before the call, so that rounds side by side keep the limit together.
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
