import Cycles "mo:core/Cycles";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Option "mo:core/Option";
import Principal "mo:core/Principal";
import Prim "mo:prim";
import Result "mo:core/Result";
import Set "mo:core/Set";
import Text "mo:core/Text";
import Timer "mo:core/Timer";
import Funds "../lib/Funds";
import Membership "../lib/Membership";
import Chunks "Chunks";
import Interface "Interface";
import Ledger "Ledger";
import Site "Site";
import StoredFile "StoredFile";
import Uploads "Uploads";

/// Certified files in chunks. Uploads.mo holds the logic; this file checks who may call, and the quotas.
persistent actor class Storage(init : { global_configuration : Principal }) = this {
  type Error = Interface.Error;
  type UploadStatus = Interface.UploadStatus;
  type Result<Value> = Result.Result<Value, Error>;

  let uploads = Uploads.empty();
  let ledger = Ledger.empty();
  let gone : Site.Gone = Set.empty();
  /// The newest attempt with which an upload was deleted: only newer ones may begin it again.
  let deleted : Map.Map<Text, Nat64> = Map.empty();
  /// The attempt of an upload that was abandoned before it was ever visible: older ones may not begin it again.
  let abandoned : Map.Map<Text, Nat64> = Map.empty();
  /// Uploads taken down by a moderator.
  let blocked : Set.Set<Text> = Set.empty();
  transient let site = uploads.site;
  transient let store = uploads.store;
  transient let members = Membership.unread();

  // Release 0.1 had no ledger.
  if (ledger.live.isEmpty() and ledger.pending.isEmpty()) {
    for ((id, upload) in uploads.byId.entries()) {
      if (upload.live.isSome()) ledger.committed(id, Uploads.liveBytes(upload));
    };
  };

  // At installation and after every upgrade: certified data has to be set again when the code has changed.
  site.certify();

  /// Unfinished uploads are kept for a day without activity.
  transient let abandonedAfter = 86_400_000_000_000;

  transient let mayUpload : [Membership.Role] = [#publisher, #uploader];
  transient let mayCommit : [Membership.Role] = [#publisher, #committer];

  let funds = Funds.meter();
  transient let reserve = Funds.reserve();
  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { await* Funds.measure(funds, reserve, Principal.fromActor(this)) });

  /// The methods as `inspect` sees them.
  type Inspected = {
    #begin_upload : Any; #put_chunk : Any; #put_chunks : Any; #missing_chunks : Any; #hash_files : Any; #commit : Any;
    #delete_upload : Any; #take_down : Any; #allow : Any; #collect_unfinished : Any; #set_limits : Any;
    #upload_status : Any; #get : Any; #get_chunk : Any; #status : Any; #http_request : Any; #cycles_report : Any;
  };

  /// Refuses arguments that are larger than the method's, and large ones of strangers, before they cost more than their arrival.
  system func inspect({ caller : Principal; arg : Blob; msg : Inspected }) : Bool {
    not caller.isAnonymous() and (
      switch msg {
        case (#begin_upload _ or #put_chunk _ or #put_chunks _) not Membership.isStranger(members, caller);
        case _ arg.size() <= 10_000;
      }
    );
  };

  public shared ({ caller }) func begin_upload(upload : Interface.Upload) : async Result<UploadStatus> {
    switch (await* refusal(caller, mayUpload)) { case (?error) return #err error; case null {} };
    let id = upload.upload_id;
    if (blocked.contains(id)) return #err(#withdrawn "a moderator has taken this upload down");
    switch (deleted.get(id)) {
      case (?attempt) if (upload.attempt <= attempt) return #err(#stale_attempt(attempt));
      case null {};
    };
    switch (abandoned.get(id)) {
      case (?attempt) if (upload.attempt < attempt) return #err(#stale_attempt(attempt));
      case null {};
    };
    let bytes = upload.files.values().foldLeft(0, func(sum, file) = sum + file.size.toNat());
    let ?fitting = bytesOf bytes else return #err(#quota_exceeded "more bytes than any canister can store");
    if (not uploads.has(upload)) {
      switch (ledger.refusal(id, caller, fitting)) { case (?reason) return #err(#quota_exceeded reason); case null {} };
    };
    let begun = uploads.begin(upload);
    switch begun {
      case (#ok { committed }) {
        abandoned.remove(id);
        if (not committed) ledger.begun(id, caller, fitting) else ledger.pending.remove(id);
      };
      case (#err _) {};
    };
    begun;
  };

  public shared ({ caller }) func put_chunk(upload_id : Text, attempt : Nat64, chunk : Interface.Chunk) : async Result<()> {
    switch (await* refusal(caller, mayUpload)) { case (?error) return #err error; case null {} };
    ledger.active(upload_id);
    uploads.put(upload_id, attempt, [chunk]);
  };

  public shared ({ caller }) func put_chunks(upload_id : Text, attempt : Nat64, chunks : [Interface.Chunk]) : async Result<()> {
    switch (await* refusal(caller, mayUpload)) { case (?error) return #err error; case null {} };
    ledger.active(upload_id);
    uploads.put(upload_id, attempt, chunks);
  };

  public query func cycles_report() : async Funds.Report { funds.report(reserve) };

  public query func missing_chunks(upload_id : Text, { limit : Nat32 }) : async Result<[Interface.ChunkId]> {
    uploads.missing(upload_id, Nat32.min(limit, maxPage).toNat());
  };

  public shared ({ caller }) func hash_files(upload_id : Text, attempt : Nat64) : async Result<UploadStatus> {
    switch (await* refusal(caller, mayUpload)) { case (?error) return #err error; case null {} };
    ledger.active(upload_id);
    uploads.hashFiles(upload_id, attempt);
  };

  public shared ({ caller }) func commit(upload_id : Text, attempt : Nat64) : async Result<UploadStatus> {
    switch (await* refusal(caller, mayCommit)) { case (?error) return #err error; case null {} };
    let committed = uploads.commit(gone, upload_id, attempt);
    switch committed { case (#ok { bytes }) ledger.committed(upload_id, bytes); case (#err _) {} };
    committed;
  };

  public shared ({ caller }) func delete_upload(upload_id : Text, attempt : Nat64) : async Result<()> {
    switch (await* refusal(caller, mayCommit)) { case (?error) return #err error; case null {} };
    let begun = begunAttempt(upload_id);
    if (attempt < begun) return #err(#stale_attempt begun);
    remove(upload_id, attempt);
    #ok;
  };

  public shared ({ caller }) func take_down(upload_id : Text) : async Result<()> {
    switch (await* refusal(caller, [#moderator])) { case (?error) return #err error; case null {} };
    blocked.add(upload_id);
    remove(upload_id, begunAttempt(upload_id));
    #ok;
  };

  public shared ({ caller }) func allow(upload_id : Text) : async Result<()> {
    switch (await* refusal(caller, [#moderator])) { case (?error) return #err error; case null {} };
    blocked.remove(upload_id);
    #ok;
  };

  public shared ({ caller }) func collect_unfinished({ idle_seconds : Nat32 }) : async Result<Nat64> {
    switch (await* refusal(caller, [#admin, #publisher, #committer])) { case (?error) return #err error; case null {} };
    #ok(collect(idle_seconds.toNat() * 1_000_000_000));
  };

  public shared ({ caller }) func set_limits(limits : Interface.Limits) : async Result<()> {
    switch (await* refusal(caller, [#admin])) { case (?error) return #err error; case null {} };
    ledger.limits := limits;
    #ok;
  };

  public query func upload_status(upload_id : Text) : async ?UploadStatus { uploads.status(upload_id) };

  public query func get(path : Text) : async ?Interface.FileInfo {
    let ?file = site.files.get(path) else return null;
    ?file.info();
  };

  public query func get_chunk(path : Text, chunk : Nat32) : async ?Blob {
    let ?file = site.files.get(path) else return null;
    let index = chunk.toNat();
    if (index < file.chunks.size()) ?store.load(file.chunks[index], file.chunkBytes) else null;
  };

  public query func status() : async Interface.Status {
    let pending = ledger.pendingBytes();
    let used = ledger.liveBytes + pending;
    {
      files = Nat64.fromNat(site.files.size());
      bytes = ledger.liveBytes;
      pending_uploads = Nat64.fromNat(ledger.pending.size());
      pending_bytes = pending;
      free_bytes = ledger.limits.bytes - Nat64.min(used, ledger.limits.bytes);
      gone_paths = Nat64.fromNat(gone.size());
      region_bytes = store.regionBytes();
      heap_bytes = Nat64.fromNat(Prim.rts_heap_size());
      cycles = Cycles.balance();
      limits = ledger.limits;
    };
  };

  public query func http_request(request : Interface.HttpRequest) : async Interface.HttpResponse {
    site.respond(gone, store, request);
  };

  /// Chunks per reply of missing_chunks.
  transient let maxPage : Nat32 = 20_000;

  func bytesOf(bytes : Nat) : ?Nat64 = if (bytes < 0x1_0000_0000_0000) ?Nat64.fromNat(bytes) else null;

  func remove(id : Text, attempt : Nat64) {
    uploads.takeDown(gone, id);
    ledger.removed(id);
    abandoned.remove(id);
    // A deletion may be repeated with an older attempt, which must not reopen the upload to attempts refused so far.
    let former : Nat64 = switch (deleted.get(id)) { case (?newest) newest; case null 0 };
    deleted.add(id, Nat64.max(former, attempt));
  };

  /// The newest attempt that began the upload; 0 when none did, or when it has been deleted since.
  func begunAttempt(id : Text) : Nat64 {
    switch (uploads.byId.get(id), abandoned.get(id)) {
      case (?upload, _) upload.attempt;
      case (null, ?attempt) attempt;
      case (null, null) 0;
    };
  };

  /// @return how many uploads were abandoned
  func collect(idle : Nat) : Nat64 {
    let idlers = ledger.idle(idle);
    for (id in idlers.values()) {
      let attempt = begunAttempt(id);
      uploads.abandon(id);
      ledger.pending.remove(id);
      if (not uploads.byId.containsKey(id)) abandoned.add(id, attempt);
    };
    Nat64.fromNat(idlers.size());
  };

  func refusal(caller : Principal, roles : [Membership.Role]) : async* ?Error {
    let source : Membership.Source = actor (init.global_configuration.toText());
    switch (await* Membership.require(members, source, caller, roles)) {
      case (#err reason) ?#unauthorized reason;
      case (#ok) null;
    };
  };

  ignore Timer.recurringTimer<system>(#seconds 3_600, func() : async () { ignore collect(abandonedAfter) });
};
