export const handler = async (event) => {
    console.log("order", event.id);
    return { ok: true };
};
