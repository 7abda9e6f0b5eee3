import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Text "mo:core/Text";
import Entry "Entry";
import Interface "Interface";

/// Videos that were withdrawn before they were entered: a publisher that has committed one already and enters it
/// afterwards enters it as withdrawn.
module {
  public type Withdrawals = Map.Map<Text, { attempt : Nat64; status : Interface.Status }>;

  /// Publishers and moderators shall not fill the memory by mistake: about 100 bytes each.
  let most = 1_000_000;

  public func empty() : Withdrawals = Map.empty();

  /// A ban stays when a publisher deletes the video besides.
  /// @return false when there is no room
  public func note(self : Withdrawals, { id; attempt; status } : Interface.Withdrawal, by : { #publisher; #moderator }) : Bool {
    switch (self.get(id)) {
      case (?known) {
        let kept = if (by == #publisher and Entry.bans(known.status)) known.status else status;
        self.add(id, { attempt = Nat64.max(known.attempt, attempt); status = kept });
      };
      case null {
        if (self.size() >= most) return false;
        self.add(id, { attempt; status });
      };
    };
    true;
  };

  /// What is entered instead of the video as it is: an older attempt is refused, any other one is withdrawn.
  public func enter(self : Withdrawals, video : Interface.VideoInput) : { #stale : Nat64; #video : Interface.VideoInput } {
    let ?{ attempt; status } = self.get(video.id) else return #video video;
    if (video.attempt < attempt) return #stale attempt;
    self.remove(video.id);
    #video({ video with status });
  };

  /// Whoever publishes the video from now on enters it as it is.
  public func forget(self : Withdrawals, id : Text) { self.remove(id) };
};
