/// The part of the platform that Kiln's canisters use.
/// @source IC interface specification, "The IC management canister"; dfinity/ic, rs/nns/cmc/cmc.did
module {
  public type CanisterSettings = {
    controllers : ?[Principal];
    compute_allocation : ?Nat;
    memory_allocation : ?Nat;
    freezing_threshold : ?Nat;
  };

  public type Mode = {
    #install;
    #reinstall;
    #upgrade : ?{ skip_pre_upgrade : ?Bool; wasm_memory_persistence : ?{ #keep; #replace } };
  };

  public type Target = { canister_id : Principal };

  public type Status = { status : { #running; #stopping; #stopped }; module_hash : ?Blob; cycles : Nat; idle_cycles_burned_per_day : Nat; settings : { freezing_threshold : Nat } };

  public type Management = actor {
    create_canister : shared { settings : ?CanisterSettings } -> async Target;
    upload_chunk : shared { canister_id : Principal; chunk : Blob } -> async { hash : Blob };
    clear_chunk_store : shared Target -> async ();
    install_chunked_code : shared {
      mode : Mode;
      target_canister : Principal;
      store_canister : ?Principal;
      chunk_hashes_list : [{ hash : Blob }];
      wasm_module_hash : Blob;
      arg : Blob;
    } -> async ();
    start_canister : shared Target -> async ();
    stop_canister : shared Target -> async ();
    canister_status : shared Target -> async Status;
    deposit_cycles : shared Target -> async ();
    take_canister_snapshot : shared { canister_id : Principal; replace_snapshot : ?Blob } -> async { id : Blob };
    load_canister_snapshot : shared { canister_id : Principal; snapshot_id : Blob } -> async ();
    delete_canister_snapshot : shared { canister_id : Principal; snapshot_id : Blob } -> async ();
  };

  /// The cycles minting canister creates canisters on any subnet; a management call creates them on the caller's own.
  public type CyclesMinting = actor {
    create_canister : shared {
      settings : ?CanisterSettings;
      subnet_selection : ?{ #Subnet : { subnet : Principal }; #Filter : { subnet_type : ?Text } };
    } -> async { #Ok : Principal; #Err : { #Refunded : { refund_amount : Nat; create_error : Text } } };
  };

  public func management() : Management = actor "aaaaa-aa";

  public func cyclesMinting() : CyclesMinting = actor "rkp4c-7iaaa-aaaaa-aaaca-cai";
};
