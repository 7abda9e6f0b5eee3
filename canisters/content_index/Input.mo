import Array "mo:core/Array";
import Blob "mo:core/Blob";
import Char "mo:core/Char";
import Iter "mo:core/Iter";
import Nat "mo:core/Nat";
import Nat32 "mo:core/Nat32";
import Text "mo:core/Text";
import Entry "Entry";
import Interface "Interface";
import Vector "Vector";

/// What the methods may be told: each answers the first thing that is wrong, as a sentence.
module {
  let longestId = 64;
  let longestName = 200;
  let longestPath = 1_000;
  let mostRenditions = 64;
  let mostPosts = 1_000;
  let mostScores = 20_000;
  let mostFeeds = 1_000;
  let mostListed = 500;
  let mostVectors = 5_000;
  let mostHidden = 100;

  public func faultOfVideo(video : Interface.VideoInput) : ?Text {
    if (not isId(video.id)) return ?"the video's id must have 1 to 64 letters, digits, - or _";
    if (video.manifest_sha256.size() != 32) return ?"manifest_sha256 must have 32 bytes";
    if (video.title.size() > longestName) return ?"the title is longer than 200 characters";
    for (path in [video.player, video.hls, video.dash, video.poster].values()) {
      if (not path.startsWith(#char '/') or path.size() > longestPath) {
        return ?"paths must begin with / and have at most 1000 characters";
      };
    };
    if (video.renditions.size() > mostRenditions) return ?"a video has at most 64 renditions";
    for ({ name; codecs } in video.renditions.values()) {
      if (name.size() > longestName or codecs.size() > longestName) {
        return ?"names and codecs of renditions have at most 200 characters";
      };
    };
    null;
  };

  public func faultOfWithdrawal({ id; status } : Interface.Withdrawal) : ?Text {
    if (not isId(id)) return ?"the video's id must have 1 to 64 letters, digits, - or _";
    if (not Entry.withdraws(status)) return ?"a video is withdrawn as BannedForExplicitness, BannedDueToUserReporting or Deleted";
    null;
  };

  public func faultOfPosts(posts : [Interface.PostUpdate]) : ?Text {
    if (posts.size() > mostPosts) return ?"at most 1000 posts a call";
    if (posts.any(func post = not isId(post.video))) return ?"the video's id must have 1 to 64 letters, digits, - or _" else null;
  };

  public func faultOfScores({ model_version; scores } : Interface.Scores) : ?Text {
    if (scores.size() > mostScores) ?"at most 20000 scores a call: send more calls" else faultOfModel(model_version);
  };

  public func faultOfFeeds({ model_version; feeds } : Interface.Feeds) : ?Text {
    if (feeds.size() > mostFeeds) return ?"at most 1000 feeds a call: send more calls";
    for ({ target; videos } in feeds.values()) {
      if (videos.size() > mostListed) return ?"a feed has at most 500 videos";
      switch target {
        case (#segment name) if (not isId(name)) return ?"a segment's name must have 1 to 64 letters, digits, - or _";
        case (#user _) {};
      };
    };
    faultOfModel(model_version);
  };

  public func faultOfVectors({ model_version; dimensions; vectors } : Interface.Vectors) : ?Text {
    let size = dimensions.toNat();
    if (size == 0 or size > Vector.mostDimensions) return ?"vectors have 1 to 512 dimensions";
    if (vectors.size() > mostVectors) return ?"at most 5000 vectors a call: send more calls";
    if (vectors.any(func item = item.vector.size() != size)) return ?"every vector must have as many bytes as dimensions";
    faultOfModel(model_version);
  };

  public func faultOfRanking({ model_version; vector; filter } : Interface.Ranking) : ?Text {
    if (vector.size() == 0 or vector.size() > Vector.mostDimensions) return ?"vectors have 1 to 512 dimensions";
    switch (faultOfFilter(filter)) { case null faultOfModel(model_version); case fault fault };
  };

  public func faultOfFilter(filter : ?Interface.Filter) : ?Text {
    let ?{ without_authors } = filter else return null;
    if (without_authors.size() > mostHidden) ?"at most 100 authors can be left out" else null;
  };

  func faultOfModel(version : Text) : ?Text {
    if (version == "" or version.size() > longestName) ?"model_version must have 1 to 200 characters" else null;
  };

  func isId(text : Text) : Bool {
    text != "" and text.size() <= longestId and text.chars().all(
      func char = char.isDigit() or (char >= 'a' and char <= 'z') or (char >= 'A' and char <= 'Z') or char == '-' or char == '_'
    );
  };
};
