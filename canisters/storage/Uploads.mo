import Array "mo:core/Array";
import Iter "mo:core/Iter";
import List "mo:core/List";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Option "mo:core/Option";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Sha256 "../lib/Sha256";
import Chunks "Chunks";
import Declaration "Declaration";
import Interface "Interface";
import Site "Site";
import StoredFile "StoredFile";

/// Uploads: the files of one are pending until a commit makes all of them visible at once. storage.did explains what
/// each function does and refuses.
module {
  type Error = Interface.Error;
  type UploadStatus = Interface.UploadStatus;
  type Files = [StoredFile.StoredFile];
  type Result<Value> = Result.Result<Value, Error>;

  /// `live` are the files committed last, `pending` those that will replace them.
  public type Upload = { var attempt : Nat64; var live : ?Files; var pending : ?Files };

  public type Uploads = { site : Site.Site; store : Chunks.Chunks; byId : Map.Map<Text, Upload> };

  /// About 10 of the 40 billion instructions of a message.
  let hashedChunksPerCall = 16;

  public func empty() : Uploads = { site = Site.empty(); store = Chunks.empty(); byId = Map.empty() };

  public func begin(self : Uploads, declared : Interface.Upload) : Result<UploadStatus> {
    switch (Declaration.fault(declared)) { case (?reason) return #err(#invalid reason); case null {} };
    switch (foreignPath(self, declared.upload_id, declared.files.values().map(func file = file.path))) {
      case (?reason) return #err(#invalid reason);
      case null {};
    };
    let upload : Upload = switch (self.byId.get(declared.upload_id)) {
      case (?known) known;
      case null ({ var attempt = declared.attempt; var live = null; var pending = null });
    };
    if (declared.attempt < upload.attempt) return #err(#stale_attempt(upload.attempt));
    if (isDeclared(upload.live, declared)) {
      release(self, upload.pending);
      upload.pending := null;
    } else if (not isDeclared(upload.pending, declared)) {
      switch (store(self, declared)) {
        case (#err error) return #err error;
        case (#ok files) {
          // Released last, so that shared chunks are kept.
          release(self, upload.pending);
          upload.pending := ?files;
        };
      };
    };
    upload.attempt := declared.attempt;
    self.byId.add(declared.upload_id, upload);
    #ok(statusOf(upload));
  };

  /// Whether exactly these files are visible already.
  public func has(self : Uploads, declared : Interface.Upload) : Bool {
    let ?upload = self.byId.get(declared.upload_id) else return false;
    isDeclared(upload.live, declared);
  };

  public func put(self : Uploads, id : Text, attempt : Nat64, chunks : [Interface.Chunk]) : Result<()> {
    let upload = switch (current(self, id, attempt)) { case (#err error) return #err error; case (#ok upload) upload };
    let bytes = chunks.foldLeft(0, func(sum, chunk) = sum + chunk.bytes.size());
    if (bytes > Declaration.maxChunkBytes) {
      return #err(#invalid("one message may carry at most " # Declaration.maxChunkBytes.toText() # " bytes"));
    };
    let files = filesOf(upload);
    for ({ file; chunk; bytes } in chunks.values()) {
      let number = file.toNat();
      let index = chunk.toNat();
      if (number >= files.size() or index >= files[number].chunks.size()) {
        return #err(#invalid("the upload has no chunk " # index.toText() # " of file " # number.toText()));
      };
      switch (self.store.put(files[number].chunks[index], bytes)) {
        case (#mismatch) return #err(#chunk_mismatch { file; chunk });
        case (#full) return #err(#out_of_space);
        case (#ok) {};
      };
    };
    #ok;
  };

  public func missing(self : Uploads, id : Text, limit : Nat) : Result<[Interface.ChunkId]> {
    let ?upload = self.byId.get(id) else return #err(#upload_not_found);
    let found = List.empty<Interface.ChunkId>();
    label search for ((file, stored) in filesOf(upload).enumerate()) {
      for ((index, chunk) in stored.chunks.enumerate()) {
        if (found.size() >= limit) break search;
        if (chunk.at == null) found.add({ file = Nat32.fromNat(file); chunk = Nat32.fromNat(index) });
      };
    };
    #ok(found.toArray());
  };

  public func hashFiles(self : Uploads, id : Text, attempt : Nat64) : Result<UploadStatus> {
    let upload = switch (current(self, id, attempt)) { case (#err error) return #err error; case (#ok upload) upload };
    var budget = hashedChunksPerCall;
    for (file in filesOf(upload).values()) budget -= file.hashChunks(self.store, budget);
    switch (mismatch(upload)) {
      case (?path) #err(#file_mismatch path);
      case null #ok(statusOf(upload));
    };
  };

  public func commit(self : Uploads, gone : Site.Gone, id : Text, attempt : Nat64) : Result<UploadStatus> {
    let upload = switch (current(self, id, attempt)) { case (#err error) return #err error; case (#ok upload) upload };
    let ?next = upload.pending else return #ok(statusOf(upload));
    let { missing_chunks; unhashed_bytes } = statusOf(upload);
    if (missing_chunks > 0 or unhashed_bytes > 0) return #err(#incomplete { missing_chunks; unhashed_bytes });
    switch (mismatch(upload)) { case (?path) return #err(#file_mismatch path); case null {} };
    switch (foreignPath(self, id, next.values().map(func file = file.path))) {
      case (?reason) return #err(#invalid reason);
      case null {};
    };
    // No refusal from here on: the change is complete or, after a trap, not made at all.
    self.site.replace(gone, self.store, upload.live.get([]), next);
    release(self, upload.live);
    upload.live := ?next;
    upload.pending := null;
    #ok(statusOf(upload));
  };

  /// Removes the files of the upload, visible or not: their paths return 410, their bytes are freed.
  public func takeDown(self : Uploads, gone : Site.Gone, id : Text) {
    let ?upload = self.byId.take(id) else return;
    self.site.takeDown(gone, upload.live.get([]));
    release(self, upload.pending);
    release(self, upload.live);
  };

  /// Drops the pending files; visible files stay.
  public func abandon(self : Uploads, id : Text) {
    let ?upload = self.byId.get(id) else return;
    release(self, upload.pending);
    upload.pending := null;
    if (upload.live.isNull()) self.byId.remove(id);
  };

  /// Bytes of the visible files of an upload.
  public func liveBytes(upload : Upload) : Nat64 {
    upload.live.get([]).foldLeft(0 : Nat64, func(sum, file) = sum + file.size);
  };

  public func status(self : Uploads, id : Text) : ?UploadStatus {
    let ?upload = self.byId.get(id) else return null;
    ?statusOf(upload);
  };

  /// The upload, if the attempt is the latest one that began it.
  func current(uploads : Uploads, id : Text, attempt : Nat64) : Result<Upload> {
    let ?upload = uploads.byId.get(id) else return #err(#upload_not_found);
    if (attempt < upload.attempt) return #err(#stale_attempt(upload.attempt));
    if (attempt > upload.attempt) return #err(#invalid "this attempt has not called begin_upload");
    #ok upload;
  };

  /// Names a path that is visible as a file of another upload, if there is one.
  func foreignPath(uploads : Uploads, id : Text, paths : Iter.Iter<Text>) : ?Text {
    for (path in paths) {
      switch (uploads.site.files.get(path)) {
        case (?file) if (file.uploadId != id) return ?(path # " belongs to the upload " # file.uploadId);
        case null {};
      };
    };
    null;
  };

  /// The current files of the upload: the pending ones or, if there are none, the live ones.
  func filesOf(upload : Upload) : Files {
    switch (upload.pending) { case (?files) files; case null upload.live.get([]) };
  };

  func isDeclared(set : ?Files, declared : Interface.Upload) : Bool {
    let ?files = set else return false;
    let chunkBytes = declared.chunk_bytes.toNat();
    files.size() == declared.files.size() and
    files.keys().all(func index = files[index].equals(chunkBytes, declared.files[index]));
  };

  func store(uploads : Uploads, declared : Interface.Upload) : Result<Files> {
    let chunkBytes = declared.chunk_bytes.toNat();
    let made = List.empty<StoredFile.StoredFile>();
    for (file in declared.files.values()) {
      let chunks = List.empty<Chunks.Chunk>();
      for ((index, sha256) in file.chunk_sha256.enumerate()) {
        let ?chunk = uploads.store.use(sha256, StoredFile.chunkSize(file.size, chunkBytes, index)) else {
          for (used in chunks.values()) uploads.store.release(used);
          release(uploads, ?made.toArray());
          return #err(#invalid(file.path # ": the hash of a chunk is known with another size"));
        };
        chunks.add(chunk);
      };
      // A file of one chunk has the hash of the chunk; a visible file has been checked before.
      let isChecked = file.chunk_sha256.size() == 1 or uploads.site.has(chunkBytes, file);
      let check : StoredFile.Check = if (isChecked) #right else #open { state = Sha256.start(); next = 0 };
      made.add({
        uploadId = declared.upload_id;
        path = file.path;
        contentType = file.content_type;
        cacheControl = file.cache_control;
        size = file.size;
        sha256 = file.sha256;
        chunkBytes;
        chunks = chunks.toArray();
        var check = check;
      });
    };
    #ok(made.toArray());
  };

  func release(uploads : Uploads, set : ?Files) {
    for (file in set.get([]).values()) {
      for (chunk in file.chunks.values()) uploads.store.release(chunk);
    };
  };

  func statusOf(upload : Upload) : UploadStatus {
    let files = filesOf(upload);
    {
      attempt = upload.attempt;
      committed = upload.pending.isNull();
      files = Nat32.fromNat(files.size());
      bytes = files.foldLeft(0 : Nat64, func(sum, file) = sum + file.size);
      missing_chunks = Nat64.fromNat(files.foldLeft(0, func(sum, file) = sum + file.missingChunks()));
      unhashed_bytes = files.foldLeft(0 : Nat64, func(sum, file) = sum + file.unhashedBytes());
    };
  };

  /// The path of a file whose bytes differ from the declared ones.
  func mismatch(upload : Upload) : ?Text {
    let ?file = filesOf(upload).find(func file = file.isWrong()) else return null;
    ?file.path;
  };
};
