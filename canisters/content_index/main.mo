import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Time "mo:core/Time";
import Membership "../lib/Membership";

/// What may be seen: one entry a video, newest first.
persistent actor class ContentIndex(init : { global_configuration : Principal }) {
  type Error = { #unauthorized : Text; #stale_attempt : Nat64; #not_found; #invalid : Text };
  type Status = {
    #Draft;
    #Uploaded;
    #Transcoding;
    #CheckingExplicitness;
    #ReadyToView;
    #BannedForExplicitness;
    #BannedDueToUserReporting;
    #Deleted;
  };
  type Rendition = {
    name : Text;
    width : Nat32;
    height : Nat32;
    bandwidth : Nat64;
    codecs : Text;
    bytes : Nat64;
  };
  type VideoInput = {
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
  type Video = { video : VideoInput; created_at : Nat64; updated_at : Nat64 };
  type Page = { videos : [Video]; next : ?Nat64 };

  /// `sequence` is the entry's place for ever: it counts the videos in the order of their first coming.
  type Entry = { sequence : Nat64; content : Video };

  let entries : Map.Map<Text, Entry> = Map.empty();
  /// The entries that may be seen, by sequence.
  let ready : Map.Map<Nat64, Text> = Map.empty();
  var nextSequence : Nat64 = 1;

  transient let members = Membership.unread();

  system func inspect({ caller : Principal }) : Bool = not caller.isAnonymous();

  public shared ({ caller }) func upsert_video(video : VideoInput) : async Result.Result<Video, Error> {
    switch (await* require(caller, [#publisher])) { case (#err reason) return #err(#unauthorized reason); case _ {} };
    if (video.id == "") return #err(#invalid "the video's id is empty");
    if (video.manifest_sha256.size() != 32) return #err(#invalid "manifest_sha256 must have 32 bytes");
    let ?former = entries.get(video.id) else {
      nextSequence += 1;
      return #ok(enter({ sequence = nextSequence - 1; content = { video; created_at = now(); updated_at = now() } }));
    };
    let current = former.content.video;
    if (video.attempt < current.attempt) return #err(#stale_attempt(current.attempt));
    if (video.attempt == current.attempt) return #ok(former.content);
    // Publishing again does not lift a ban.
    let status = if (isBanned(current.status)) current.status else video.status;
    #ok(enter({ former with content = { former.content with video = { video with status }; updated_at = now() } }));
  };

  public shared ({ caller }) func set_status(id : Text, status : Status) : async Result.Result<Video, Error> {
    switch (await* require(caller, [#publisher, #moderator])) {
      case (#err reason) return #err(#unauthorized reason);
      case _ {};
    };
    let ?former = entries.get(id) else return #err(#not_found);
    if (isBanned(former.content.video.status) and not Membership.allows(members, caller, [#moderator])) {
      return #err(#unauthorized("only a moderator lifts a ban"));
    };
    if (former.content.video.status == status) return #ok(former.content);
    let video = { former.content.video with status };
    #ok(enter({ former with content = { former.content with video; updated_at = now() } }));
  };

  public query func get(id : Text) : async ?Video {
    let ?entry = entries.get(id) else return null;
    ?entry.content;
  };

  public query func newest({ cursor : ?Nat64; limit : Nat32 }) : async Page {
    let wanted = Nat32.max(1, Nat32.min(limit, 100)).toNat();
    let from = switch cursor { case (?sequence) sequence; case null nextSequence };
    let page = ready.reverseEntriesFrom(from).filter(func(sequence, _) = sequence < from).take(wanted + 1).toArray();
    {
      videos = page.values().take(wanted).filterMap(func(_, id) = content(id)).toArray();
      next = if (page.size() > wanted) ?page[wanted - 1].0 else null;
    };
  };

  public query func status() : async { videos : Nat64; ready : Nat64 } {
    { videos = Nat64.fromNat(entries.size()); ready = Nat64.fromNat(ready.size()) };
  };

  func enter(entry : Entry) : Video {
    let { id; status } = entry.content.video;
    entries.add(id, entry);
    if (status == #ReadyToView) ready.add(entry.sequence, id) else ready.remove(entry.sequence);
    entry.content;
  };

  func content(id : Text) : ?Video {
    let ?entry = entries.get(id) else return null;
    ?entry.content;
  };

  func isBanned(status : Status) : Bool = status == #BannedForExplicitness or status == #BannedDueToUserReporting;

  func now() : Nat64 = Nat64.fromIntWrap(Time.now());

  func require(caller : Principal, roles : [Membership.Role]) : async* Result.Result<(), Text> {
    let source : Membership.Source = actor (init.global_configuration.toText());
    await* Membership.require(members, source, caller, roles);
  };
};
