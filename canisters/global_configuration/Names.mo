import Char "mo:core/Char";
import Iter "mo:core/Iter";
import Nat "mo:core/Nat";
import Text "mo:core/Text";

/// Valid names for flags and well-known principals.
module {
  let maxLength = 64;
  let maxNames = 1_000;

  /// @param known whether the name is in use already
  /// @param count how many names are in use
  /// @return the first thing that is wrong, as a sentence
  public func fault(name : Text, known : Bool, count : Nat) : ?Text {
    if (name == "" or name.size() > maxLength or not name.chars().all(isPlain)) {
      return ?("a name must have 1 to " # maxLength.toText() # " of the characters a-z, 0-9 and _");
    };
    if (not known and count >= maxNames) ?("there are " # maxNames.toText() # " names already: remove one first") else null;
  };

  func isPlain(char : Char) : Bool = (char >= 'a' and char <= 'z') or char.isDigit() or char == '_';
};
