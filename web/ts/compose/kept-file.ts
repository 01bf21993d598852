/**
 * The chosen video, kept in the browser's own database until it has arrived, so that a reload or a closed tab can go on
 * without asking for the file again. Best effort: where the browser refuses (private window, no room), the page
 * asks for the same file instead.
 */

const name = "megurumi-uploads";
const store = "files";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function withStore<T>(
  mode: IDBTransactionMode,
  act: (files: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  try {
    const database = await open();
    try {
      return await new Promise<T>((resolve, reject) => {
        const transaction = database.transaction(store, mode);
        const request = act(transaction.objectStore(store));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

export async function keepFile(postId: string, file: File): Promise<void> {
  await withStore("readwrite", (files) => files.put(file, postId));
}

export async function keptFile(postId: string): Promise<File | undefined> {
  const file: unknown = await withStore("readonly", (files) => files.get(postId));
  return file instanceof File ? file : undefined;
}

export async function forgetFile(postId: string): Promise<void> {
  await withStore("readwrite", (files) => files.delete(postId));
}
