import Blob "mo:core/Blob";
import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Region "mo:core/Region";
import Extents "Extents";
import Sha256 "../lib/Sha256";

/// Chunks by their SHA-256: identical chunks are stored once, however many files contain them, and a new upload that
/// repeats files of the previous one need not send their bytes again. The bytes are in stable memory, not on the heap.
module {
  /// `uses` counts references from files; `at` is null until the bytes have arrived.
  public type Chunk = { sha256 : Blob; size : Nat; var at : ?Nat64; var uses : Nat };

  public type Chunks = {
    region : Region.Region;
    extents : Extents.Extents;
    bySha256 : Map.Map<Blob, Chunk>;
  };

  let pageBytes : Nat64 = 65_536;

  public func empty() : Chunks = { region = Region.new(); extents = Extents.empty(); bySha256 = Map.empty() };

  /// The chunk with this hash, created if there is none, with one use more.
  /// @return null if the hash is known with another size: no bytes can match both
  public func use(self : Chunks, sha256 : Blob, size : Nat) : ?Chunk {
    let chunk = switch (self.bySha256.get(sha256)) {
      case (?known) known;
      case null {
        let made : Chunk = { sha256; size; var at = null; var uses = 0 };
        self.bySha256.add(sha256, made);
        made;
      };
    };
    if (chunk.size != size) return null;
    chunk.uses += 1;
    ?chunk;
  };

  /// Ends one use; the last one frees the bytes.
  public func release(self : Chunks, chunk : Chunk) {
    chunk.uses -= 1;
    if (chunk.uses > 0) return;
    self.bySha256.remove(chunk.sha256);
    let ?at = chunk.at else return;
    if (chunk.size > 0) self.extents.free(at, Nat64.fromNat(chunk.size));
    chunk.at := null;
  };

  /// Stores the bytes of the chunk, unless they have been stored already.
  public func put(self : Chunks, chunk : Chunk, bytes : Blob) : { #ok; #mismatch; #full } {
    if (bytes.size() != chunk.size or Sha256.hash(bytes) != chunk.sha256) return #mismatch;
    if (chunk.at != null) return #ok;
    if (chunk.size == 0) {
      chunk.at := ?0;
      return #ok;
    };
    let at = self.extents.allocate(Nat64.fromNat(chunk.size));
    if (not self.hasRoom()) {
      self.extents.free(at, Nat64.fromNat(chunk.size));
      return #full;
    };
    self.region.storeBlob(at, bytes);
    chunk.at := ?at;
    #ok;
  };

  /// The first bytes of the chunk, up to the limit; none before they have arrived.
  public func load(self : Chunks, chunk : Chunk, limit : Nat) : Blob {
    let ?at = chunk.at else return "";
    let size = if (limit < chunk.size) limit else chunk.size;
    if (size == 0) "" else self.region.loadBlob(at, size);
  };

  /// Bytes of stable memory in use.
  public func regionBytes(self : Chunks) : Nat64 = self.region.size() * pageBytes;

  /// Grows the region to hold everything that is allocated.
  func hasRoom(self : Chunks) : Bool {
    let needed = (self.extents.end + pageBytes - 1) / pageBytes;
    let present = self.region.size();
    needed <= present or self.region.grow(needed - present) != 0xffff_ffff_ffff_ffff;
  };
};
