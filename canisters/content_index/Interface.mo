/// The types of content_index.did, which explains them.
module {
  public type Error = {
    #unauthorized : Text;
    #stale_attempt : Nat64;
    #not_found;
    #invalid : Text;
    #gap : { expected : Nat64 };
  };

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

  public type Rendition = {
    name : Text;
    width : Nat32;
    height : Nat32;
    bandwidth : Nat64;
    codecs : Text;
    bytes : Nat64;
  };

  public type VideoInput = {
    id : Text;
    attempt : Nat64;
    owner : Principal;
    title : Text;
    storage : Principal;
    player : Text;
    hls : Text;
    dash : Text;
    poster : Text;
    manifest_sha256 : Blob;
    duration_ms : Nat64;
    width : Nat32;
    height : Nat32;
    bytes : Nat64;
    renditions : [Rendition];
    status : Status;
  };

  public type Takedown = { id : Text; attempt : Nat64; status : Status };

  public type Moderation = { #unchecked; #safe; #unsafe };

  public type Statistics = {
    views : Nat64;
    threshold_views : Nat64;
    average_watch_percentage : Nat8;
    likes : Nat64;
    shares : Nat64;
    hot_votes : Nat64;
    not_votes : Nat64;
  };

  public type Post = { canister : Principal; post_id : Nat64; statistics : Statistics };

  public type Video = {
    video : VideoInput;
    created_at : Nat64;
    updated_at : Nat64;
    moderation : Moderation;
    post : ?Post;
    top : Int64;
    hot_or_not : Int64;
  };

  public type PostUpdate = {
    video : Text;
    owner : Principal;
    post_id : Nat64;
    status : Status;
    statistics : Statistics;
  };

  public type Feed = {
    #newest;
    #top;
    #hot_or_not;
    #author : Principal;
    #personal : Principal;
    #segment : Text;
  };

  public type Filter = { unsafe : { #hide; #show; #only }; without_authors : [Principal] };
  public type Cursor = { rank : Int64; sequence : Nat64 };
  public type Question = { feed : Feed; cursor : ?Cursor; limit : Nat32; filter : ?Filter };
  public type Proof = { certificate : ?Blob; witness : Blob };
  public type Page = { videos : [Video]; next : ?Cursor; proof : Proof };

  public type Profile = {
    principal_id : ?Principal;
    display_name : ?Text;
    unique_user_name : ?Text;
    profile_picture_url : ?Text;
  };
  public type Author = { owner : Principal; canister : Principal; profile : ?Profile };

  public type Scores = { model_version : Text; sequence : Nat64; scores : [{ id : Text; top : Int64 }] };
  public type Target = { #user : Principal; #segment : Text };
  public type Feeds = { model_version : Text; sequence : Nat64; feeds : [{ target : Target; videos : [Text] }] };
  public type Applied = { applied : Nat32; stale : Nat32; unknown : Nat32 };

  public type Vectors = { model_version : Text; dimensions : Nat32; vectors : [{ id : Text; vector : Blob }] };
  public type Candidates = { #newest : Nat32; #top : Nat32; #hot_or_not : Nat32; #videos : [Text] };
  public type Ranking = {
    model_version : Text;
    vector : Blob;
    candidates : Candidates;
    limit : Nat32;
    filter : ?Filter;
  };
  public type Ranked = { videos : [{ id : Text; score : Int64 }]; considered : Nat32; instructions : Nat64 };
};
