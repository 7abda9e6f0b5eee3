import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Text "mo:core/Text";
import Entry "Entry";
import Interface "Interface";

/// Takedowns of videos that are not in the index yet: a publisher that is about to enter one enters it as taken down.
module {
  /// By video id. A status that takes nothing down is left of a lifted takedown: only the attempt still counts.
  public type Takedowns = Map.Map<Text, { attempt : Nat64; status : Interface.Status }>;

  /// About 100 bytes each: a mistake of a publisher or moderator must not fill the memory.
  let maxTakedowns = 1_000_000;

  public func empty() : Takedowns = Map.empty();

  /// A ban stands even if a publisher then deletes the video.
  /// @return false when there is no room
  public func note(self : Takedowns, { id; attempt; status } : Interface.Takedown, by : { #publisher; #moderator }) : Bool {
    switch (self.get(id)) {
      case (?known) {
        let kept = if (by == #publisher and Entry.bans(known.status)) known.status else status;
        self.add(id, { attempt = Nat64.max(known.attempt, attempt); status = kept });
      };
      case null {
        if (self.size() >= maxTakedowns) return false;
        self.add(id, { attempt; status });
      };
    };
    true;
  };

  /// What to enter in place of the video: an older attempt is refused, any other one is entered as taken down.
  public func enter(self : Takedowns, video : Interface.VideoInput) : { #stale : Nat64; #video : Interface.VideoInput } {
    let ?{ attempt; status } = self.get(video.id) else return #video video;
    if (video.attempt < attempt) return #stale attempt;
    self.remove(video.id);
    #video(if (Entry.takesDown(status)) ({ video with status }) else video);
  };

  /// From now on the video is entered as its publisher sends it. The attempt stays: older ones are still refused.
  public func lift(self : Takedowns, id : Text) {
    let ?{ attempt } = self.get(id) else return;
    self.add(id, { attempt; status = #CheckingExplicitness });
  };
};
