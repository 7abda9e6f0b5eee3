export { TypedError } from "@kiln/client/typed-error";
