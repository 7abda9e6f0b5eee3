import Array "mo:core/Array";
import Nat64 "mo:core/Nat64";
import Nat32 "mo:core/Nat32";
import Chunks "Chunks";
import Interface "Interface";
import Sha256 "../lib/Sha256";

/// A declared file, its chunks, and how far the hash of the whole file has been checked.
module {
  /// The check of the whole file's hash: `next` is the next chunk to hash.
  public type Check = { #open : { state : Sha256.State; next : Nat }; #right; #wrong };

  public type StoredFile = {
    uploadId : Text;
    path : Text;
    contentType : Text;
    cacheControl : Text;
    size : Nat64;
    sha256 : Blob;
    chunkBytes : Nat;
    chunks : [Chunks.Chunk];
    var check : Check;
  };

  /// The size of chunk number `index` of a file, in bytes.
  public func chunkSize(size : Nat64, chunkBytes : Nat, index : Nat) : Nat {
    let rest = size.toNat() - index * chunkBytes : Nat;
    if (rest < chunkBytes) rest else chunkBytes;
  };

  /// The file as it was declared.
  public func declaration(self : StoredFile) : Interface.File {
    {
      path = self.path;
      content_type = self.contentType;
      cache_control = self.cacheControl;
      size = self.size;
      sha256 = self.sha256;
      chunk_sha256 = self.chunks.map(func chunk = chunk.sha256);
    };
  };

  /// Whether the file equals the declared one, byte for byte and header for header.
  public func equals(self : StoredFile, chunkBytes : Nat, declared : Interface.File) : Bool {
    self.chunkBytes == chunkBytes and self.declaration() == declared;
  };

  public func missingChunks(self : StoredFile) : Nat = self.chunks.filter(func chunk = chunk.at == null).size();

  /// Bytes that the check of the whole file's hash has not processed yet.
  public func unhashedBytes(self : StoredFile) : Nat64 {
    switch (self.check) {
      case (#open { next }) self.size - Nat64.fromNat(next * self.chunkBytes);
      case _ 0;
    };
  };

  /// Whether the bytes turned out to differ from the declared ones.
  public func isWrong(self : StoredFile) : Bool {
    switch (self.check) { case (#wrong) true; case _ false };
  };

  /// Continues the check of the whole file's hash with the chunks that have arrived, up to the limit.
  /// @return how many chunks were hashed
  public func hashChunks(self : StoredFile, store : Chunks.Chunks, limit : Nat) : Nat {
    let #open { state; next } = self.check else return 0;
    var index = next;
    while (index < self.chunks.size() and index < next + limit and self.chunks[index].at != null) {
      state.write(store.load(self.chunks[index], self.chunkBytes));
      index += 1;
    };
    self.check := if (index < self.chunks.size()) #open { state; next = index }
    else if (state.finish() == self.sha256) #right
    else #wrong;
    index - next;
  };

  public func info(self : StoredFile) : Interface.FileInfo {
    {
      path = self.path;
      content_type = self.contentType;
      cache_control = self.cacheControl;
      size = self.size;
      sha256 = self.sha256;
      chunk_bytes = Nat32.fromNat(self.chunkBytes);
      chunks = Nat32.fromNat(self.chunks.size());
      upload_id = self.uploadId;
    };
  };
};
