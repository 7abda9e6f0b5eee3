/// The types of storage.did, which explains them.
module {
  public type Error = {
    #unauthorized : Text;
    #stale_attempt : Nat64;
    #upload_not_found;
    #invalid : Text;
    #chunk_mismatch : ChunkId;
    #incomplete : { missing_chunks : Nat64; unhashed_bytes : Nat64 };
    #file_mismatch : Text;
    #out_of_space;
    #quota_exceeded : Text;
    #withdrawn : Text;
  };

  public type File = {
    path : Text;
    content_type : Text;
    cache_control : Text;
    size : Nat64;
    sha256 : Blob;
    chunk_sha256 : [Blob];
  };

  public type Upload = { upload_id : Text; attempt : Nat64; chunk_bytes : Nat32; files : [File] };

  public type UploadStatus = {
    attempt : Nat64;
    committed : Bool;
    files : Nat32;
    bytes : Nat64;
    missing_chunks : Nat64;
    unhashed_bytes : Nat64;
  };

  public type ChunkId = { file : Nat32; chunk : Nat32 };
  public type Chunk = { file : Nat32; chunk : Nat32; bytes : Blob };

  public type FileInfo = {
    path : Text;
    content_type : Text;
    cache_control : Text;
    size : Nat64;
    sha256 : Blob;
    chunk_bytes : Nat32;
    chunks : Nat32;
    upload_id : Text;
  };

  public type HttpRequest = {
    method : Text;
    url : Text;
    headers : [(Text, Text)];
    body : Blob;
    certificate_version : ?Nat16;
  };

  public type HttpResponse = { status_code : Nat16; headers : [(Text, Text)]; body : Blob; upgrade : ?Bool };

  public type Limits = { bytes : Nat64; pending_bytes_per_caller : Nat64; pending_uploads : Nat64 };

  public type Status = {
    files : Nat64;
    bytes : Nat64;
    pending_uploads : Nat64;
    pending_bytes : Nat64;
    free_bytes : Nat64;
    gone_paths : Nat64;
    region_bytes : Nat64;
    heap_bytes : Nat64;
    cycles : Nat;
    limits : Limits;
  };
};
