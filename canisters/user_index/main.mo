import Array "mo:core/Array";
import Error "mo:core/Error";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Queue "mo:core/Queue";
import Result "mo:core/Result";
import Set "mo:core/Set";
import Text "mo:core/Text";
import Timer "mo:core/Timer";
import Funds "../lib/Funds";
import Membership "../lib/Membership";
import Fleet "Fleet";
import Funder "Funder";
import Interface "Interface";
import ModuleStore "ModuleStore";
import Provisioning "Provisioning";
import Restoring "Restoring";
import Rollout "Rollout";
import SettingsCheck "SettingsCheck";
import Sweep "Sweep";

/// Which canister a user lives in: creates canisters, assigns users, upgrades and funds them. This file checks who may
/// call.
persistent actor class UserIndex(
  init : { global_configuration : Principal; content_index : ?Principal; data_backup : ?Principal }
) = this {
  type Error = Interface.Error;
  type Result<Value> = Result.Result<Value, Error>;

  let fleet = Fleet.start();
  let modules = ModuleStore.empty();
  let progress = Rollout.start();
  let ledger = Funder.start();
  let restores = Restoring.start();
  let sweeping = Sweep.start();
  let funds = Funds.meter();
  transient let reserve = Funds.reserve();
  var settings : Interface.Settings = SettingsCheck.standard;

  transient let members = Membership.unread();
  transient let provisioning = Provisioning.Provisioning(func() = Principal.fromActor(this), init, fleet, modules, funds);
  transient let restoring = Restoring.Restoring(restores, fleet, provisioning, init.data_backup);
  transient let rollout = Rollout.Rollout(progress, fleet, modules, provisioning, func() = settings);
  transient let funder = Funder.Funder(ledger, fleet, func() = settings);
  /// Canisters being created for users who are waiting for one.
  transient var creating = 0;
  transient let maxCreating = 20;
  transient var filling = false;
  transient var poolFailure = "";

  /// The methods as `inspect` sees them.
  type Inspected = {
    #get_requester_principals_canister_id_create_if_not_exists : Any;
    #get_user_canister_id_from_user_principal_id : Any; #residences : Any; #delete_requester : Any;
    #get_user_canister_list : Any; #status : Any; #get_settings : Any; #configure : Any; #provision : Any;
    #recycle_if_abandoned : Any; #configure_sweep : Any; #sweep_abandoned : Any; #sweep_status : Any;
    #begin_module : Any; #put_module_chunk : Any; #commit_module : Any; #start_upgrades_for_individual_canisters : Any;
    #pause_upgrades : Any; #resume_upgrades : Any; #get_index_details_last_upgrade_status : Any; #retire : Any;
    #finish_restore : Any; #open_restore : Any; #close_restore : Any; #cancel_restore : Any; #end_restore : Any;
    #watch_canister : Any; #fund : Any; #funding_status : Any; #cycles_report : Any;
  };

  /// Refuses arguments that are larger than the method's, and large ones of strangers, before they cost more than their arrival.
  system func inspect({ caller : Principal; arg : Blob; msg : Inspected }) : Bool {
    not caller.isAnonymous() and (
      switch msg {
        case (#put_module_chunk _) not Membership.isStranger(members, caller);
        case _ arg.size() <= 10_000;
      }
    );
  };

  // Users.

  /// The caller's canister; the first call assigns one. Call it again after an #Err.
  public shared ({ caller }) func get_requester_principals_canister_id_create_if_not_exists() : async { #Ok : Principal; #Err : Text } {
    if (caller.isAnonymous()) return #Err "sign in first";
    var tries = 0;
    while (fleet.users.get(caller) == null) {
      switch (fleet.withRoom(settings)) {
        case (?canister) fleet.settle(caller, canister, settings);
        case null {
          tries += 1;
          if (tries > 3 or creating >= maxCreating) return #Err "many users are waiting for a canister: try again in a minute";
          creating += 1;
          let provided = try { await* provisioning.provide(settings) } finally { creating -= 1 };
          switch provided { case (#err reason) return #Err("no canister can be created now: " # reason); case (#ok) {} };
        };
      };
    };
    refill<system>();
    await* registered(caller);
  };

  public query func get_user_canister_id_from_user_principal_id(user : Principal) : async ?Principal {
    let ?{ canister; registered } = fleet.users.get(user) else return null;
    if (registered) ?canister else null;
  };

  /// The canisters of up to a thousand users, even before the canisters know them.
  public query func residences(users : [Principal]) : async [?Principal] {
    users.values().take(1_000).map<Principal, ?Principal>(func user = fleet.home(user)).toArray();
  };

  /// Deletes the caller's account: posts in the index, records and their copies. Repeat it until `done`.
  public shared ({ caller }) func delete_requester() : async Result<{ done : Bool }> {
    let ?{ canister } = fleet.users.get(caller) else return #ok({ done = true });
    try {
      let users : Interface.UserCanister = actor (canister.toText());
      switch (await users.unregister(caller)) {
        case (#ok { done }) if (not done) return #ok({ done = false });
        case (#err _) return #err(#failed "the canister refuses: it does not know this user_index");
      };
      await* forgetCopy(caller);
      await* vacate(fleet.leave(caller));
      #ok({ done = true });
    } catch error #err(#failed(error.message()));
  };

  // Canisters.

  public query func get_user_canister_list({ after; limit } : { after : ?Principal; limit : Nat32 }) : async [Interface.CanisterInfo] {
    let entries = switch after { case (?id) fleet.canisters.entriesFrom(id); case null fleet.canisters.entries() };
    entries.filter(func(id, _) = ?id != after).map(func(_, canister) = Fleet.info(canister)).take(Nat32.min(limit, 10_000).toNat()).toArray();
  };

  public query func status() : async { users : Nat64; canisters : Nat64; free : Nat64; unprepared : Nat64; pool_failure : Text } {
    {
      users = Nat64.fromNat(fleet.users.size());
      canisters = Nat64.fromNat(fleet.canisters.size());
      free = Nat64.fromNat(fleet.free.size());
      unprepared = Nat64.fromNat(fleet.empty.size());
      pool_failure = poolFailure;
    };
  };

  public query func get_settings() : async Interface.Settings { settings };

  public shared ({ caller }) func configure(wanted : Interface.Settings) : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    switch (SettingsCheck.fault(wanted)) { case (?reason) return #err(#invalid reason); case null {} };
    settings := wanted;
    refill<system>();
    #ok;
  };

  /// Creates one canister for the pool.
  public shared ({ caller }) func provision() : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    failed(await* provisioning.provide(settings));
  };

  /// Releases a user who has never done anything.
  public shared ({ caller }) func recycle_if_abandoned(user : Principal) : async Result<Bool> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    if (fleet.home(user) == null) return #err(#not_found);
    failed(await* sweep.release(user, null));
  };

  /// @param abandoned_after_seconds at least a day; null: never
  public shared ({ caller }) func configure_sweep({ abandoned_after_seconds : ?Nat64 }) : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    switch abandoned_after_seconds {
      case (?seconds) if (seconds < 86_400 or seconds > 3_153_600_000) return #err(#invalid "abandoned_after_seconds must be between a day and a hundred years");
      case null {};
    };
    sweeping.abandonedAfter := abandoned_after_seconds;
    #ok;
  };

  /// Runs a round of the sweep now; one runs every hour.
  public shared ({ caller }) func sweep_abandoned() : async Result<Nat64> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    #ok(await* sweep.run());
  };

  public query func sweep_status() : async { abandoned_after_seconds : ?Nat64; released : Nat64 } {
    { abandoned_after_seconds = sweeping.abandonedAfter; released = sweeping.released };
  };

  // Modules and upgrades.

  /// @return the chunks that are missing
  public shared ({ caller }) func begin_module(announced : { version : Text; sha256 : Blob; chunks : Nat32 }) : async Result<[Nat32]> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    invalid(modules.begin(announced));
  };

  public shared ({ caller }) func put_module_chunk(index : Nat32, chunk : Blob) : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    invalid(modules.put(index, chunk));
  };

  /// Checks the SHA-256 of the module; `start_upgrades_for_individual_canisters` then rolls it out.
  public shared ({ caller }) func commit_module() : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    if (progress.state == #running) return #err(#invalid "a rollout is running: pause it first");
    switch (modules.commit()) {
      case (#err reason) #err(#invalid reason);
      case (#ok _) #ok;
    };
  };

  public shared ({ caller }) func start_upgrades_for_individual_canisters() : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    let begun = rollout.begin<system>();
    refill<system>();
    invalid(begun);
  };

  public shared ({ caller }) func pause_upgrades() : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    rollout.pause();
    #ok;
  };

  /// Also retries the canisters that failed.
  public shared ({ caller }) func resume_upgrades() : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    invalid(rollout.resume<system>());
  };

  public query func get_index_details_last_upgrade_status() : async Interface.UpgradeStatus { rollout.status() };

  // Restoring from data_backup.

  /// No new users are assigned to these canisters, whose users can then be moved.
  public shared ({ caller }) func retire(which : { #canister : Principal; #everything }) : async Result<[Principal]> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    restoring.retire(which);
  };

  /// Ends the restore of everything that `retire` began.
  public shared ({ caller }) func finish_restore() : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    restoring.finish();
    #ok;
  };

  public shared ({ caller }) func open_restore({ from : Principal; purpose : { #move; #drill } }) : async Result<Principal> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    await* restoring.open(from, purpose, settings);
  };

  public shared ({ caller }) func close_restore(user : Principal, target : Principal) : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    await* restoring.close(user, target);
  };

  public shared ({ caller }) func cancel_restore(user : Principal, target : Principal) : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    await* restoring.cancel(user, target);
  };

  public shared ({ caller }) func end_restore(target : Principal) : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    await* restoring.end(target, settings);
  };

  // Cycles.

  public shared ({ caller }) func watch_canister(canister : Principal) : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    funder.watch(canister);
    #ok;
  };

  /// Runs a round of the funder now; one runs every hour.
  public shared ({ caller }) func fund() : async Result<()> {
    switch (await* admit(caller)) { case (?refusal) return #err refusal; case null {} };
    await* funder.run();
    #ok;
  };

  public query func funding_status() : async { spent_today : Nat; watched : [Funder.Report]; low : [Funder.Report] } {
    {
      spent_today = funder.spentToday();
      watched = ledger.watched.values().toArray();
      low = ledger.low.values().take(1_000).toArray();
    };
  };

  public query func cycles_report() : async Funds.Report { funds.report(reserve) };

  func registered(user : Principal) : async* { #Ok : Principal; #Err : Text } {
    let ?{ canister; registered } = fleet.users.get(user) else return #Err "try again";
    if (registered) return #Ok canister;
    try {
      let users : Interface.UserCanister = actor (canister.toText());
      switch (await (with timeout = 60) users.register(user)) {
        case (#err _) #Err("canister " # canister.toText() # " refuses: it is not ready");
        case (#ok) {
          // The user may have left or moved in the meantime.
          if (fleet.home(user) != ?canister) return #Err "try again";
          fleet.confirm(user, canister);
          #Ok canister;
        };
      };
    } catch error #Err("canister " # canister.toText() # " does not reply, try again: " # error.message());
  };

  func vacate(empty : ?Fleet.Canister) : async* () {
    let ?canister = empty else return;
    ignore await* provisioning.recycle(canister);
  };

  func forgetCopy(user : Principal) : async* () {
    let ?id = init.data_backup else return;
    let backup : actor { forget_user : shared Principal -> async Any } = actor (id.toText());
    ignore await backup.forget_user(user);
  };

  transient let sweep = Sweep.Sweep(
    sweeping,
    fleet,
    func(user : Principal, emptied : ?Fleet.Canister) : async* () {
      await* vacate(emptied);
      await* forgetCopy(user);
    },
  );

  func refill<system>() {
    if (filling or fleet.free.size() >= settings.pool.toNat() or modules.current == null) return;
    ignore Timer.setTimer<system>(#seconds 0, func() : async () { await* fill() });
  };

  func fill() : async* () {
    if (filling) return;
    filling := true;
    try {
      poolFailure := "";
      while (poolFailure == "" and modules.current != null and fleet.free.size() < settings.pool.toNat()) {
        switch (await* provisioning.provide(settings)) { case (#err reason) poolFailure := reason; case (#ok) {} };
      };
    } finally { filling := false };
  };

  /// @return null if the caller may manage user_index
  func admit(caller : Principal) : async* ?Error {
    if (caller.isController()) return null;
    let source : Membership.Source = actor (init.global_configuration.toText());
    switch (await* Membership.require(members, source, caller, [#admin])) {
      case (#err reason) ?#unauthorized reason;
      case (#ok) null;
    };
  };

  func invalid<Value>(result : Result.Result<Value, Text>) : Result<Value> {
    switch result { case (#ok value) #ok value; case (#err reason) #err(#invalid reason) };
  };

  func failed<Value>(result : Result.Result<Value, Text>) : Result<Value> {
    switch result { case (#ok value) #ok value; case (#err reason) #err(#failed reason) };
  };

  // At every start: an upgrade ends all timers.
  fleet.resume();
  rollout.wake<system>();
  // A timer each, so that a trap in one does not stop the others.
  // The funder runs after a call, when the other canisters have measured what they need.
  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { await* Funds.measure(funds, reserve, Principal.fromActor(this)); await* funder.run() });
  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { ignore await* sweep.run() });
  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { await* fill() });
  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { rollout.go<system>() });
};
