import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Option "mo:core/Option";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Membership "../lib/Membership";
import Chunks "Chunks";
import Interface "Interface";
import Site "Site";
import StoredFile "StoredFile";
import Uploads "Uploads";

/// Certified files in chunks. Uploads.mo decides, here it is asked who may.
persistent actor class Storage(init : { global_configuration : Principal }) {
  type Error = Interface.Error;
  type UploadStatus = Interface.UploadStatus;

  let uploads = Uploads.empty();
  transient let site = uploads.site;
  transient let store = uploads.store;
  transient let members = Membership.unread();

  // At installation and after every upgrade: certified data has to be set again when the code has changed.
  site.certify();

  system func inspect({ caller : Principal }) : Bool = not caller.isAnonymous();

  public shared ({ caller }) func begin_upload(upload : Interface.Upload) : async Result.Result<UploadStatus, Error> {
    switch (await* authorise(caller)) {
      case (?refusal) #err refusal;
      case null uploads.begin(upload);
    };
  };

  public shared ({ caller }) func put_chunk(upload_id : Text, attempt : Nat64, chunk : Interface.Chunk) : async Result.Result<(), Error> {
    switch (await* authorise(caller)) {
      case (?refusal) #err refusal;
      case null uploads.put(upload_id, attempt, [chunk]);
    };
  };

  public shared ({ caller }) func put_chunks(upload_id : Text, attempt : Nat64, chunks : [Interface.Chunk]) : async Result.Result<(), Error> {
    switch (await* authorise(caller)) {
      case (?refusal) #err refusal;
      case null uploads.put(upload_id, attempt, chunks);
    };
  };

  public query func missing_chunks(upload_id : Text, { limit : Nat32 }) : async Result.Result<[Interface.ChunkId], Error> {
    uploads.missing(upload_id, limit.toNat());
  };

  public shared ({ caller }) func hash_files(upload_id : Text, attempt : Nat64) : async Result.Result<UploadStatus, Error> {
    switch (await* authorise(caller)) {
      case (?refusal) #err refusal;
      case null uploads.hashFiles(upload_id, attempt);
    };
  };

  public shared ({ caller }) func commit(upload_id : Text, attempt : Nat64) : async Result.Result<UploadStatus, Error> {
    switch (await* authorise(caller)) {
      case (?refusal) #err refusal;
      case null uploads.commit(upload_id, attempt);
    };
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
    {
      files = Nat64.fromNat(site.files.size());
      bytes = site.files.values().foldLeft(0 : Nat64, func(sum, file) = sum + file.size);
      pending_uploads = Nat64.fromNat(uploads.byId.values().filter(func upload = upload.pending.isSome()).size());
      region_bytes = store.regionBytes();
    };
  };

  public query func http_request(request : Interface.HttpRequest) : async Interface.HttpResponse {
    site.respond(store, request);
  };

  func authorise(caller : Principal) : async* ?Error {
    let source : Membership.Source = actor (init.global_configuration.toText());
    switch (await* Membership.require(members, source, caller, [#publisher])) {
      case (#err reason) ?#unauthorized reason;
      case (#ok) null;
    };
  };
};
