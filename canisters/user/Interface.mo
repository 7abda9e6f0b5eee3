import Records "../lib/Records";

/// The types of user.did and of the messages to other canisters. Times are nanoseconds since 1970.
module {
  public type Status = {
    #Draft;
    #Uploaded;
    #Transcoding;
    #CheckingExplicitness;
    #ReadyToView;
    #BannedForExplicitness;
    #BannedDueToUserReporting;
    #Deleted;
  };

  public type ProfileInput = { display_name : Text; bio : Text; profile_picture_url : Text };

  public type Profile = { display_name : Text; bio : Text; profile_picture_url : Text; created_at : Nat64; updated_at : Nat64 };

  public type ProfileDetails = {
    principal_id : Principal;
    display_name : Text;
    bio : Text;
    profile_picture_url : Text;
    created_at : Nat64;
    updated_at : Nat64;
    post_count : Nat64;
  };

  public type PostInput = {
    video_uid : Text;
    description : Text;
    hashtags : [Text];
    is_nsfw : Bool;
    creator_consent_for_inclusion_in_hot_or_not : Bool;
  };

  /// The permanent id of a post: its author and the number of the post, counted from 0 for each author.
  public type PostId = { owner : Principal; id : Nat64 };

  /// The percentages are 1 to 100; `watch_count` counts complete watches before the last, partial one.
  public type ViewDetails = {
    #WatchedPartially : { percentage_watched : Nat8 };
    #WatchedMultipleTimes : { watch_count : Nat8; percentage_watched : Nat8 };
  };

  /// A principal counts once, with the largest percentage watched at once; `threshold_view_count` counts those beyond 20 %.
  public type ViewStatistics = { total_view_count : Nat64; threshold_view_count : Nat64; average_watch_percentage : Nat8 };

  public type Vote = { #Hot; #Not };

  /// What a caller did to a post: `watch` has the largest percentage watched at once so far. `left`: the caller's account
  /// in this canister was deleted.
  public type Action = { #like; #unlike; #share; #vote : Vote; #watch : Nat8; #left };

  /// `video` is null for `left`.
  public type Engagement = { sequence : Nat64; at : Nat64; by : Principal; action : Action; video : ?Text };

  /// Numbers are valid within one epoch. The next page follows `up_to`; `oldest` is the first number that is still there.
  public type Engagements = { epoch : Nat64; oldest : Nat64; last : Nat64; up_to : Nat64; entries : [Engagement] };

  /// A post as viewers see it.
  public type PostDetails = {
    owner : Principal;
    id : Nat64;
    content : PostInput;
    status : Status;
    created_at : Nat64;
    like_count : Nat64;
    share_count : Nat64;
    hot_count : Nat64;
    not_count : Nat64;
    view_stats : ViewStatistics;
    liked_by_me : Bool;
    my_vote : ?Vote;
  };

  public type Error = {
    #unauthorized : Text;
    #not_registered;
    #not_found;
    #not_viewable;
    #already_voted : Vote;
    #full : Text;
    #invalid : Text;
    /// A newer attempt has set the status: its number.
    #stale_attempt : Nat64;
  };

  /// Changes of one user that follow the number `base`, up to `up_to`. A higher incarnation is another history of the
  /// same user (restored, or rolled back to a snapshot) and begins at base 0.
  public type Batch = { user : Principal; incarnation : Nat64; base : Nat64; up_to : Nat64; changes : [Records.Change] };

  /// How far a copy reaches.
  public type Position = { user : Principal; incarnation : Nat64; sequence : Nat64 };

  /// An update of a post for the content index.
  public type PostUpdate = {
    video : Text;
    owner : Principal;
    post_id : Nat64;
    status : Status;
    statistics : {
      views : Nat64;
      threshold_views : Nat64;
      average_watch_percentage : Nat8;
      likes : Nat64;
      shares : Nat64;
      hot_votes : Nat64;
      not_votes : Nat64;
    };
  };
};
