import Array "mo:core/Array";
import Cycles "mo:core/Cycles";
import Error "mo:core/Error";
import List "mo:core/List";
import Map "mo:core/Map";
import Principal "mo:core/Principal";
import Queue "mo:core/Queue";
import Result "mo:core/Result";
import Set "mo:core/Set";
import Text "mo:core/Text";
import Funds "../lib/Funds";
import Platform "../lib/Platform";
import Fleet "Fleet";
import Interface "Interface";
import ModuleStore "ModuleStore";

/// Creates canisters and installs the current module in them.
module {
  type Directory = actor {
    register_canister : shared { id : Principal; kind : { #user }; subnet : ?Principal } -> async Result.Result<Nat64, Any>;
  };

  public type Wiring = { global_configuration : Principal; content_index : ?Principal; data_backup : ?Principal };

  public class Provisioning(
    self : () -> Principal,
    wiring : Wiring,
    fleet : Fleet.Fleet,
    modules : ModuleStore.Store,
    meter : Funds.Meter,
  ) {
    /// Adds one canister to the pool: one whose preparation was begun, or a new one.
    public func provide(settings : Interface.Settings) : async* Result.Result<(), Text> {
      let id = switch (fleet.empty.popFront()) {
        case (?begun) begun;
        case null {
          switch (await* create(settings)) {
            case (#err reason) return #err reason;
            case (#ok created) created;
          };
        };
      };
      let ?canister = fleet.canisters.get(id) else return #err "the canister is not known";
      let failure = await* prepare(canister);
      if (failure == "") { fleet.release(canister); #ok } else {
        fleet.empty.pushBack(id);
        #err failure;
      };
    };

    /// Returns a canister without users to the pool, with nothing left of its former content.
    public func recycle(canister : Fleet.Canister) : async* Result.Result<(), Text> {
      canister.state := #empty;
      fleet.open.remove(canister.id);
      let failure = await* prepare(canister);
      if (failure == "") { fleet.release(canister); #ok } else {
        fleet.empty.pushBack(canister.id);
        #err failure;
      };
    };

    /// Installs a module through the canister's chunk store, because it may be larger than one message.
    public func install(id : Principal, mode : Platform.Mode, { chunks; sha256 } : ModuleStore.Module) : async* () {
      let management = Platform.management();
      await management.clear_chunk_store({ canister_id = id });
      let hashes = List.empty<{ hash : Blob }>();
      for (chunk in chunks.values()) hashes.add(await management.upload_chunk({ canister_id = id; chunk }));
      let argument = { wiring with user_index = self() };
      await management.install_chunked_code({
        mode;
        target_canister = id;
        store_canister = ?id;
        chunk_hashes_list = hashes.toArray();
        wasm_module_hash = sha256;
        arg = to_candid (argument);
      });
      await management.clear_chunk_store({ canister_id = id });
    };

    /// @return what went wrong, or an empty text
    func prepare(canister : Fleet.Canister) : async* Text {
      let ?installed = modules.current else return "there is no module for user canisters yet: kiln deploy installs it";
      try {
        // Discards what an interrupted attempt has left.
        await* install(canister.id, #reinstall, installed);
        canister.sha256 := ?installed.sha256;
        let directory : Directory = actor (wiring.global_configuration.toText());
        switch (await directory.register_canister({ id = canister.id; kind = #user; subnet = canister.subnet })) {
          case (#ok _) "";
          case (#err _) "global_configuration does not know user_index: register it as user_index first";
        };
      } catch error error.message();
    };

    /// @return the id of an empty canister
    func create(settings : Interface.Settings) : async* Result.Result<Principal, Text> {
      let cycles = settings.cycles_per_canister;
      if (Cycles.balance() < cycles + settings.funding.reserve) {
        return #err "user_index is short of cycles: top it up";
      };
      let wanted = {
        controllers = ?[self()].concat(settings.operators);
        compute_allocation = null;
        memory_allocation = null;
        freezing_threshold = null;
      };
      Funds.moved(meter, cycles);
      let created = try {
        switch (fleet.place(settings)) {
          case (#full) #err "every subnet has as many canisters as the settings allow";
          case (#own) {
            let { canister_id } = await (with cycles) Platform.management().create_canister({ settings = ?wanted });
            #ok(entered(canister_id, null));
          };
          case (#on subnet) {
            let request = { settings = ?wanted; subnet_selection = ?#Subnet { subnet } };
            switch (await (with cycles) Platform.cyclesMinting().create_canister(request)) {
              case (#Ok id) #ok(entered(id, ?subnet));
              case (#Err(#Refunded { create_error })) #err create_error;
            };
          };
        };
      } catch error #err(error.message());
      if (Result.isErr(created)) Funds.moved(meter, -cycles);
      created;
    };

    /// Noted at once, so that a canister that was paid for is never lost. Not queued: the caller prepares it.
    func entered(id : Principal, subnet : ?Principal) : Principal {
      ignore fleet.enter(id, subnet);
      id;
    };
  };
};
