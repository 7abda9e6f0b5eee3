import Array "mo:core/Array";
import Interface "Interface";
import Scores "Scores";
import Vector "Vector";

/// One video. `sequence` is its permanent place: it numbers the videos in order of arrival.
module {
  /// The latest score of a recommender: an older run (by its sequence) does not replace it.
  public type Score = { top : Int64; sequence : Nat64; model : Text };

  public type Entry = {
    sequence : Nat64;
    created_at : Nat64;
    var updated_at : Nat64;
    var video : Interface.VideoInput;
    var moderation : Interface.Moderation;
    var post : ?Interface.Post;
    var score : ?Score;
    /// One for each model version, newest first, at most two: while versions change, users have vectors of both.
    var vectors : [Vector.Vector];
  };

  public func new(sequence : Nat64, video : Interface.VideoInput, now : Nat64) : Entry {
    {
      sequence;
      created_at = now;
      var updated_at = now;
      var video;
      var moderation = #unchecked;
      var post = null;
      var score = null;
      var vectors = [];
    };
  };

  public func content(self : Entry) : Interface.Video {
    {
      video = self.video;
      created_at = self.created_at;
      updated_at = self.updated_at;
      moderation = self.moderation;
      post = self.post;
      top = self.top();
      hot_or_not = self.hotOrNot();
    };
  };

  /// Until a recommender has scored the video, its statistics determine the score.
  public func top(self : Entry) : Int64 {
    switch (self.score, self.post) {
      case (?{ top }, _) top;
      case (null, ?{ statistics }) Scores.popularity(statistics);
      case (null, null) 0;
    };
  };

  public func hotOrNot(self : Entry) : Int64 {
    switch (self.post) {
      case (?{ statistics }) Scores.disputed(statistics.hot_votes, statistics.not_votes);
      case null 0;
    };
  };

  public func isVisible(self : Entry) : Bool = self.video.status == #ReadyToView;

  /// Banned by a moderator or deleted by the owner: publishing again does not undo it.
  public func isTakenDown(self : Entry) : Bool = takesDown(self.video.status);

  public func isBanned(self : Entry) : Bool = bans(self.video.status);

  public func takesDown(status : Interface.Status) : Bool = bans(status) or status == #Deleted;

  public func bans(status : Interface.Status) : Bool {
    status == #BannedForExplicitness or status == #BannedDueToUserReporting;
  };

  public func passes(self : Entry, filter : Interface.Filter) : Bool {
    let moderated = switch (filter.unsafe) {
      case (#hide) self.moderation != #unsafe;
      case (#show) true;
      case (#only) self.moderation == #unsafe;
    };
    moderated and not filter.without_authors.any(func author = author == self.video.owner);
  };
};
