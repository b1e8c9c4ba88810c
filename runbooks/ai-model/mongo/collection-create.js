db = connect(process.env.MONGO_URL);
db.createCollection(process.env.COLLECTION);
