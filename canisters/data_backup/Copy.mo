import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Records "../lib/Records";

/// The copy of one user's records. It follows one history (incarnation) of them in one canister.
module {
  /// `source` is the only canister that may change the copy. `updated_at` in nanoseconds since 1970.
  public type Copy = {
    var source : Principal;
    var incarnation : Nat64;
    var records : Records.Records;
    var updated_at : Nat64;
  };

  public type Batch = { user : Principal; incarnation : Nat64; base : Nat64; changes : [Records.Change] };

  public func empty(source : Principal) : Copy {
    { var source; var incarnation = 0; var records = Records.empty(); var updated_at = 0 };
  };

  /// How far a copy reaches in a history, and which canister it follows.
  public type Position = { position : { user : Principal; incarnation : Nat64; sequence : Nat64 }; source : Principal };

  /// Applies a batch if it fits: an older history is ignored, a newer one replaces the copy from its beginning, a batch
  /// that would leave a gap is not applied. What is known already changes nothing.
  /// @return the position from which the sender continues
  public func apply(self : Copy, batch : Batch, now : Nat64) : Position {
    let { user; incarnation } = batch;
    let source = self.source;
    if (incarnation > self.incarnation) {
      if (batch.base != 0) return { position = { user; incarnation; sequence = 0 }; source };
      self.records := Records.empty();
      self.incarnation := incarnation;
    };
    if (incarnation == self.incarnation and batch.base <= self.records.sequence) {
      for (change in batch.changes.values()) self.records.take(change);
      self.updated_at := now;
    };
    { position = { user; incarnation = self.incarnation; sequence = self.records.sequence }; source };
  };

  /// The reply for a user who lives in another canister: only which one.
  public func elsewhere({ user; incarnation } : Batch, source : Principal) : Position {
    { position = { user; incarnation; sequence = 0 }; source };
  };
};
