import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Text "mo:core/Text";
import Time "mo:core/Time";
import Interface "Interface";

/// The size of each upload, who began it, and when it was last active: the basis of quotas and of the collection of
/// abandoned uploads. Sizes are as declared; bytes that uploads share are counted for each of them.
module {
  /// `heard` is the time of the last activity. Stable memory knows the field by this name.
  type Pending = { by : Principal; bytes : Nat64; var heard : Time.Time };

  public type Ledger = {
    pending : Map.Map<Text, Pending>;
    live : Map.Map<Text, Nat64>;
    var liveBytes : Nat64;
    var limits : Interface.Limits;
  };

  let gibibyte : Nat64 = 1_073_741_824;

  public func empty() : Ledger {
    {
      pending = Map.empty();
      live = Map.empty();
      var liveBytes = 0;
      // Stable memory ends at 500 GiB a canister.
      var limits = { bytes = 400 * gibibyte; pending_bytes_per_caller = 50 * gibibyte; pending_uploads = 1_000 };
    };
  };

  /// @return why an upload of that size is refused, as a sentence
  public func refusal(self : Ledger, id : Text, caller : Principal, bytes : Nat64) : ?Text {
    var count : Nat64 = 0;
    var all : Nat64 = 0;
    var theirs : Nat64 = 0;
    for ((_, upload) in self.pending.entries().filter(func(other, _) = other != id)) {
      count += 1;
      all += upload.bytes;
      if (upload.by == caller) theirs += upload.bytes;
    };
    let limits = self.limits;
    if (count >= limits.pending_uploads) return ?(limits.pending_uploads.toText() # " uploads are unfinished: finish or collect some of them");
    if (bytes > limits.pending_bytes_per_caller - Nat64.min(theirs, limits.pending_bytes_per_caller)) {
      return ?("one caller may have at most " # limits.pending_bytes_per_caller.toText() # " bytes in unfinished uploads");
    };
    let used = self.liveBytes + all;
    if (bytes > limits.bytes - Nat64.min(used, limits.bytes)) {
      return ?("this canister stores at most " # limits.bytes.toText() # " bytes and has " # used.toText() # " already");
    };
    null;
  };

  public func begun(self : Ledger, id : Text, by : Principal, bytes : Nat64) {
    self.pending.add(id, { by; bytes; var heard = Time.now() });
  };

  public func active(self : Ledger, id : Text) {
    let ?upload = self.pending.get(id) else return;
    upload.heard := Time.now();
  };

  /// The files of the upload are visible now and have that many bytes.
  public func committed(self : Ledger, id : Text, bytes : Nat64) {
    self.pending.remove(id);
    self.forget(id);
    self.live.add(id, bytes);
    self.liveBytes += bytes;
  };

  public func removed(self : Ledger, id : Text) {
    self.pending.remove(id);
    self.forget(id);
  };

  /// Bytes of unfinished uploads.
  public func pendingBytes(self : Ledger) : Nat64 {
    self.pending.values().foldLeft(0 : Nat64, func(sum, { bytes }) = sum + bytes);
  };

  /// Unfinished uploads without activity for that many nanoseconds.
  public func idle(self : Ledger, nanoseconds : Nat) : [Text] {
    let now = Time.now();
    self.pending.entries().filter(func(_, upload) = now - upload.heard >= nanoseconds).map(func(id, _) = id).toArray();
  };

  func forget(self : Ledger, id : Text) {
    let ?bytes = self.live.take(id) else return;
    self.liveBytes -= bytes;
  };
};
