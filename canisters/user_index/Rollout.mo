import Error "mo:core/Error";
import Iter "mo:core/Iter";
import List "mo:core/List";
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
import Platform "../lib/Platform";
import Fleet "Fleet";
import Interface "Interface";
import ModuleStore "ModuleStore";
import Provisioning "Provisioning";

/// Upgrades all user canisters to a module, a few at a time: backup, stop, snapshot, upgrade, start, health check; and
/// back to the snapshot if the check fails. It continues after an upgrade of user_index itself.
module {
  public type Progress = {
    var state : { #idle; #running; #paused; #done };
    queue : Queue.Queue<Principal>;
    working : Set.Set<Principal>;
    failures : Map.Map<Principal, Interface.Failure>;
    var canisters : Nat;
    var succeeded : Nat;
  };

  type Outcome = Result.Result<(), { reason : Text; rolled_back : Bool }>;

  /// Messages to data_backup before an upgrade gives up.
  let maxSyncs = 100;

  public func start() : Progress {
    {
      var state = #idle;
      queue = Queue.empty();
      working = Set.empty();
      failures = Map.empty();
      var canisters = 0;
      var succeeded = 0;
    };
  };

  public class Rollout(
    progress : Progress,
    fleet : Fleet.Fleet,
    modules : ModuleStore.Store,
    provisioning : Provisioning.Provisioning,
    settings : () -> Interface.Settings,
  ) {
    /// @return err if there is nothing to roll out, or a rollout is running
    public func begin<system>() : Result.Result<(), Text> {
      if (progress.state == #running) return #err "a rollout is running: see its status";
      let ?candidate = modules.candidate else return #err "there is no new module: commit one first";
      progress.queue.clear();
      progress.failures.clear();
      progress.succeeded := 0;
      for ((id, canister) in fleet.canisters.entries()) {
        if (canister.state != #empty and canister.sha256 != ?candidate.sha256) progress.queue.pushBack(id);
      };
      progress.canisters := progress.queue.size();
      progress.state := #running;
      drive<system>();
      #ok;
    };

    public func pause() { if (progress.state == #running) progress.state := #paused };

    /// Continues and retries the failed canisters.
    public func resume<system>() : Result.Result<(), Text> {
      if (progress.state != #paused) return #err "no rollout is paused";
      for (id in progress.failures.keys()) progress.queue.pushBack(id);
      progress.failures.clear();
      progress.state := #running;
      drive<system>();
      #ok;
    };

    /// When this canister starts: upgrades that were interrupted start again.
    public func wake<system>() {
      for (id in progress.working.values()) progress.queue.pushFront(id);
      progress.working.clear();
      if (progress.state == #running) drive<system>();
    };

    public func status() : Interface.UpgradeStatus {
      let { version; sha256 } = switch (modules.candidate, modules.current) {
        case (?candidate, _) candidate;
        case (null, ?current) current;
        case (null, null) ({ version = ""; sha256 = "" : Blob; chunks = [] });
      };
      {
        version;
        sha256;
        state = progress.state;
        canisters = Nat64.fromNat(progress.canisters);
        successful_upgrade_count = Nat64.fromNat(progress.succeeded);
        failures = progress.failures.values().take(1_000).toArray();
      };
    };

    func drive<system>() {
      finish();
      while (progress.state == #running and progress.working.size() < settings().parallel_upgrades.toNat()) {
        let ?id = progress.queue.popFront() else return;
        progress.working.add(id);
        ignore Timer.setTimer<system>(#seconds 0, func() : async () { await* work<system>(id) });
      };
    };

    func work<system>(id : Principal) : async* () {
      var outcome : Outcome = #err { reason = "user_index trapped at a reply"; rolled_back = false };
      // Also after a trap: otherwise the rollout would wait for this canister forever. `go` then continues it.
      try { outcome := await* upgrade(id) } finally {
        progress.working.remove(id);
        note(id, outcome);
      };
      drive<system>();
    };

    /// Every hour, in case a trap has ended the last of its timers.
    public func go<system>() { if (progress.state == #running) drive<system>() };

    func note(id : Principal, outcome : Outcome) {
      switch outcome {
        case (#ok) progress.succeeded += 1;
        case (#err failure) {
          progress.failures.add(id, { failure with canister = id });
          if (progress.failures.size() >= settings().most_failures.toNat()) pause();
        };
      };
    };

    func finish() {
      if (progress.state != #running or not progress.queue.isEmpty() or not progress.working.isEmpty()) return;
      if (progress.failures.isEmpty()) {
        modules.current := modules.candidate;
        modules.candidate := null;
        progress.state := #done;
      } else progress.state := #paused;
    };

    func upgrade(id : Principal) : async* Outcome {
      let ?canister = fleet.canisters.get(id) else return #ok;
      let ?candidate = modules.candidate else return #ok;
      let target = { canister_id = id };
      let management = Platform.management();
      let users : Interface.UserCanister = actor (id.toText());
      var stopped = true;
      try {
        let { module_hash } = await management.canister_status(target);
        if (module_hash == ?candidate.sha256) {
          // Installed by an attempt that was interrupted. If it is unhealthy, its snapshot is still there.
          await management.start_canister(target);
          ignore await users.health();
          await* drop(canister);
          canister.sha256 := ?candidate.sha256;
          return #ok;
        };
        await management.start_canister(target);
        stopped := false;
        let unsaved = await* backUp(users);
        if (unsaved != "") return #err { reason = unsaved; rolled_back = false };
        let before = await users.health();
        stopped := true;
        await management.stop_canister(target);
        let { id = snapshot } = await management.take_canister_snapshot({ canister_id = id; replace_snapshot = canister.snapshot });
        canister.snapshot := ?snapshot;
        let reason = await* replace(canister, candidate, users, before);
        if (reason == "") {
          canister.sha256 := ?candidate.sha256;
          await* drop(canister);
          return #ok;
        };
        await* rollBack(canister, snapshot, users);
        #err { reason; rolled_back = true };
      } catch error {
        if (stopped) try { await management.start_canister(target) } catch _ {};
        #err { reason = error.message(); rolled_back = false };
      };
    };

    /// Waits until data_backup has acknowledged all changes.
    /// @return why it did not, or an empty text
    func backUp(users : Interface.UserCanister) : async* Text {
      var tries = 0;
      loop {
        switch (await users.sync()) {
          case (#ok { backup_waiting; failure }) {
            if (backup_waiting == 0) return "";
            tries += 1;
            if (failure != "" and tries >= 3) return "data_backup has not acknowledged all changes: " # failure;
            if (tries >= maxSyncs) return "data_backup has not acknowledged all changes";
          };
          case (#err _) return "the canister does not accept calls from this user_index";
        };
      };
    };

    /// @return what is wrong with the canister after the upgrade, or an empty text
    func replace(
      { id } : Fleet.Canister,
      candidate : ModuleStore.Module,
      users : Interface.UserCanister,
      before : { users : Nat64; changes : Nat64 },
    ) : async* Text {
      try {
        await* provisioning.install(id, #upgrade(?{ skip_pre_upgrade = null; wasm_memory_persistence = ?#keep }), candidate);
        await Platform.management().start_canister({ canister_id = id });
        let after = await users.health();
        if (after.users < before.users or after.changes < before.changes) "users or changes are missing after the upgrade" else "";
      } catch error error.message();
    };

    func rollBack(canister : Fleet.Canister, snapshot : Blob, users : Interface.UserCanister) : async* () {
      let target = { canister_id = canister.id };
      let management = Platform.management();
      await management.stop_canister(target);
      await management.load_canister_snapshot({ target with snapshot_id = snapshot });
      await management.start_canister(target);
      ignore await users.rewound();
      await* drop(canister);
    };

    func drop(canister : Fleet.Canister) : async* () {
      let ?snapshot = canister.snapshot else return;
      await Platform.management().delete_canister_snapshot({ canister_id = canister.id; snapshot_id = snapshot });
      canister.snapshot := null;
    };
  };
};
