// Passkeys: asks the browser for one, and sends what it says with the form that asked.
// Forms carry data-passkey="add", "prove" or "sign-in"; the two others hold their options, which the
// server made, in data-options. Binary values travel as base64url, both ways.

type Options = { publicKey: Record<string, unknown> };

const toBytes = (text: string): ArrayBuffer => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
};

const toText = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

// Every field of the options that is binary, by name; lists of credentials hold an id each.
const readOptions = (options: Options): Record<string, unknown> => {
  const key = { ...options.publicKey };
  key["challenge"] = toBytes(key["challenge"] as string);
  const user = key["user"] as { id: string } | undefined;
  if (user !== undefined) {
    key["user"] = { ...user, id: toBytes(user.id) };
  }
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    const known = key[list] as { id: string }[] | undefined;
    if (known !== undefined) {
      key[list] = known.map((each) => ({ ...each, id: toBytes(each.id) }));
    }
  }
  return key;
};

const writeCredential = (credential: PublicKeyCredential): string => {
  const said = credential.response;
  const response: Record<string, unknown> = { clientDataJSON: toText(said.clientDataJSON) };
  if (said instanceof AuthenticatorAttestationResponse) {
    response["attestationObject"] = toText(said.attestationObject);
    response["transports"] = said.getTransports();
  } else if (said instanceof AuthenticatorAssertionResponse) {
    response["authenticatorData"] = toText(said.authenticatorData);
    response["signature"] = toText(said.signature);
    response["userHandle"] = said.userHandle === null ? null : toText(said.userHandle);
  }
  return JSON.stringify({
    type: credential.type,
    id: credential.id,
    rawId: toText(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
};

// A passkey that signs in alone has to be kept on the device and to ask who uses it.
const forSigningInAlone = (key: Record<string, unknown>, alone: boolean): void => {
  key["authenticatorSelection"] = {
    ...(key["authenticatorSelection"] as object),
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    userVerification: alone ? "required" : "preferred",
  };
};

const fetchOptions = async (address: string): Promise<Options> => {
  const answer = await fetch(address, {
    headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" },
  });
  return ((await answer.json()) as { request_options: Options }).request_options;
};

const askBrowser = async (form: HTMLFormElement): Promise<PublicKeyCredential> => {
  const way = form.dataset["passkey"];
  const options =
    way === "sign-in" ? await fetchOptions(form.action) : (JSON.parse(form.dataset["options"] ?? "") as Options);
  const publicKey = readOptions(options);
  if (way === "add") {
    const box = form.elements.namedItem("passwordless") as HTMLInputElement | null;
    forSigningInAlone(publicKey, box?.checked ?? false);
    const made = { publicKey } as unknown as CredentialCreationOptions;
    return (await navigator.credentials.create(made)) as PublicKeyCredential;
  }
  const asked = { publicKey } as unknown as CredentialRequestOptions;
  return (await navigator.credentials.get(asked)) as PublicKeyCredential;
};

const useForm = (form: HTMLFormElement): void => {
  const said = form.querySelector<HTMLElement>("[role=alert].bad");
  form.hidden = false; // Without script, or where no passkey can work, it stays unseen.
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    askBrowser(form)
      .then((credential) => {
        (form.elements.namedItem("credential") as HTMLInputElement).value = writeCredential(credential);
        form.submit();
      })
      .catch(() => {
        if (said !== null) {
          said.textContent = form.dataset["failed"] ?? "";
          said.hidden = false;
        }
      });
  });
};

export const watchPasskeys = (): void => {
  if (window.PublicKeyCredential !== undefined) {
    document.querySelectorAll<HTMLFormElement>("form[data-passkey]").forEach(useForm);
  }
};
