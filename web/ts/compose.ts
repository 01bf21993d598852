// Writing a post: saves by itself, sends photos at once and the video in small pieces that survive a lost network, a reload
// and a closed tab. Everything here also works as a plain multipart form; this makes it smoother.
//
// JSON it expects, always asked for with `accept: application/json`:
//   POST {form.action}, before a draft exists, form-encoded fields → 200/201 `{ "id", "version", "edit_url" }`
//   PUT  /posts/{id}/draft, form-encoded fields with `version` → `{ "saved_at": ms, "version": n }`,
//        409 `{ "version": n }` when another window was faster, 401 when logged out
//   POST /posts/{id}/photos, multipart `photos` → `{ "photos": [{ "id", "url": string | null }] }`,
//        4xx `{ "message": localised text }`
//   GET  /posts/{id}/status → `{ "state", "video": null | { "state": "uploading" | "processing" | "ready" | "failed",
//        "percent": 0..100, "message": localised text, "notes": [{ "text", "warns" }], "retry": boolean,
//        "motion": null | { "text": localised text, "change": null | { "action", "label" } } },
//        "photos": [{ "id", "url": string | null, "note": localised text | null }],
//        "covers": [{ "value", "url", "label": localised text, "chosen": boolean }] }`, empty where there is no choice
//   tus  {data-uploads} with metadata `filename`, `filetype`, `post_id`; a refusal may carry `{ "message" }`
//
// Form-encoded fields are the form's own: kind, title, body, region, tags, age_from, age_to, alt_{photo id},
// photos_order (kept photo ids in order, comma-separated), cover (what is seen first) and version.

import { CoverChoice } from "./compose/covers";
import { Draft } from "./compose/draft";
import { PhotoList } from "./compose/photos";
import { showTagChips } from "./compose/tags";
import { VideoSlot } from "./compose/video";
import { isComposing } from "./composing";

const form = document.querySelector<HTMLFormElement>("form[data-compose]");
if (form) {
  const draft = new Draft(form);
  const covers = new CoverChoice(form);
  const photos = new PhotoList(
    form,
    draft,
    () => video.follow(),
    (photo) => covers.drop(photo),
  );
  const video = new VideoSlot(form, draft, (status) => {
    photos.take(status.photos);
    // While another film is on its way the server still tells of the one before.
    if (!video.isBusy) covers.take(status.video?.state === "ready" ? status.covers : []);
  });
  const tags = form.querySelector<HTMLInputElement>("input[data-tags]");
  if (tags) showTagChips(tags, form.dataset.tChipRemove ?? "");

  // Enter in a field goes on to the next one, as the phone's own key says.
  form.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || isComposing(event) || !(field instanceof HTMLInputElement)) return;
    if (field.type === "file") return;
    event.preventDefault();
    const fields = [
      ...form.querySelectorAll<HTMLElement>(
        "input:not([type=hidden]):not([type=file]), select, textarea",
      ),
    ];
    fields[fields.indexOf(field) + 1]?.focus();
  });

  // What is on its way arrives first: the last words, then the photos, then the video.
  let letThrough = false;
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (letThrough) return;
    const isSend = button instanceof HTMLButtonElement && button.value === "submit";
    const asking = [video, photos].find((media) => media.isAsking);
    if (isSend && asking) {
      event.preventDefault();
      event.stopImmediatePropagation();
      asking.point();
      return;
    }
    if (!draft.isBusy && !photos.isBusy && !(isSend && video.isBusy)) {
      draft.stop();
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (button instanceof HTMLButtonElement) button.setAttribute("aria-busy", "true");
    await draft.settled();
    await photos.settled();
    if (isSend) await video.sent();
    await draft.settled();
    draft.stop();
    letThrough = true;
    form.requestSubmit(button);
  });
}
