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

/// Checks the arguments of the methods: each function returns the first fault as a sentence.
module {
  let maxIdLength = 64;
  let maxNameLength = 200;
  let maxPathLength = 1_000;
  let maxRenditions = 64;
  let maxPosts = 1_000;
  let maxScores = 20_000;
  let maxFeeds = 1_000;
  let maxListed = 500;
  let maxVectors = 5_000;
  let maxHidden = 100;

  public func faultOfVideo(video : Interface.VideoInput) : ?Text {
    if (not isId(video.id)) return ?"the video's id must have 1 to 64 letters, digits, - or _";
    if (video.manifest_sha256.size() != 32) return ?"manifest_sha256 must have 32 bytes";
    if (video.title.size() > maxNameLength) return ?"the title is longer than 200 characters";
    for (path in [video.player, video.hls, video.dash, video.poster].values()) {
      if (not path.startsWith(#char '/') or path.size() > maxPathLength) {
        return ?"paths must begin with / and have at most 1000 characters";
      };
    };
    if (video.renditions.size() > maxRenditions) return ?"a video may have at most 64 renditions";
    for ({ name; codecs } in video.renditions.values()) {
      if (name.size() > maxNameLength or codecs.size() > maxNameLength) {
        return ?"names and codecs of renditions must have at most 200 characters";
      };
    };
    null;
  };

  public func faultOfTakedown({ id; status } : Interface.Takedown) : ?Text {
    if (not isId(id)) return ?"the video's id must have 1 to 64 letters, digits, - or _";
    if (not Entry.takesDown(status)) return ?"the status of a takedown must be BannedForExplicitness, BannedDueToUserReporting or Deleted";
    null;
  };

  public func faultOfPosts(posts : [Interface.PostUpdate]) : ?Text {
    if (posts.size() > maxPosts) return ?"at most 1000 posts per call";
    if (posts.any(func post = not isId(post.video))) return ?"the video's id must have 1 to 64 letters, digits, - or _" else null;
  };

  public func faultOfScores({ model_version; scores } : Interface.Scores) : ?Text {
    if (scores.size() > maxScores) ?"at most 20000 scores per call: split them over several calls" else faultOfModel(model_version);
  };

  public func faultOfFeeds({ model_version; feeds } : Interface.Feeds) : ?Text {
    if (feeds.size() > maxFeeds) return ?"at most 1000 feeds per call: split them over several calls";
    for ({ target; videos } in feeds.values()) {
      if (videos.size() > maxListed) return ?"a feed may have at most 500 videos";
      switch target {
        case (#segment name) if (not isId(name)) return ?"a segment's name must have 1 to 64 letters, digits, - or _";
        case (#user _) {};
      };
    };
    faultOfModel(model_version);
  };

  public func faultOfVectors({ model_version; dimensions; vectors } : Interface.Vectors) : ?Text {
    let size = dimensions.toNat();
    if (size == 0 or size > Vector.maxDimensions) return ?"vectors must have 1 to 512 dimensions";
    if (vectors.size() > maxVectors) return ?"at most 5000 vectors per call: split them over several calls";
    if (vectors.any(func item = item.vector.size() != size)) return ?"every vector must have one byte per dimension";
    faultOfModel(model_version);
  };

  public func faultOfRanking({ model_version; vector; filter } : Interface.Ranking) : ?Text {
    if (vector.size() == 0 or vector.size() > Vector.maxDimensions) return ?"vectors must have 1 to 512 dimensions";
    switch (faultOfFilter(filter)) { case null faultOfModel(model_version); case fault fault };
  };

  public func faultOfFilter(filter : ?Interface.Filter) : ?Text {
    let ?{ without_authors } = filter else return null;
    if (without_authors.size() > maxHidden) ?"at most 100 authors can be excluded" else null;
  };

  func faultOfModel(version : Text) : ?Text {
    if (version == "" or version.size() > maxNameLength) ?"model_version must have 1 to 200 characters" else null;
  };

  func isId(text : Text) : Bool {
    text != "" and text.size() <= maxIdLength and text.chars().all(
      func char = char.isDigit() or (char >= 'a' and char <= 'z') or (char >= 'A' and char <= 'Z') or char == '-' or char == '_'
    );
  };
};
